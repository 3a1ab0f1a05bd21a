/* The plugin: settings, commands, and every notebook that is opened. */

import { makeActions, used } from './actions.js';
import { Bridge } from './bridge.js';
import { Bars, failed, INTENSITIES, makeDebug } from './debug.js';
import { makeDialogs } from './dialogs.js';
import { host } from './host.js';
import { latestOffer } from './offer.js';
import { place } from './cells.js';
import { leaveOutSubshells } from './status.js';

const ID = 'cot-magic:plugin';
const CATEGORY = 'CoT debugger';

/** Make the plugin from the packages that the front end shares. */
export function makePlugin(packages) {
  const settings = { intensity: 'cot+', reasoner: 'auto', offerOnError: true, guard: false };

  function target(tracker, args) {
    const panel = tracker.currentWidget;
    if (!panel) return [null, null];
    const index = args.cellId ? place(panel, args.cellId) : panel.content.activeCellIndex;
    return [panel, panel.content.widgets[index] || null];
  }

  function addCommands(app, tracker, palette, dialogs) {
    const debug = makeDebug(packages, dialogs, settings);
    const label = args => {
      if (!args.intensity) return 'Debug with CoT';
      const text = INTENSITIES.find(([name]) => name === args.intensity)[1];
      return args.menu ? `${args.intensity} – ${text}` : `Debug with CoT (${args.intensity}, ${text})`;
    };
    app.commands.addCommand('cot-magic:debug', {
      label,
      caption: 'Find the cause of this cell\'s error without running the cell again',
      isVisible: args => failed(target(tracker, args)[1]),
      isEnabled: args => failed(target(tracker, args)[1]),
      execute: args => {
        const [panel, cell] = target(tracker, args);
        return panel && cell ? debug(panel, cell, args.intensity) : undefined;
      }
    });
    app.commands.addCommand('cot-magic:undo', {
      label: 'Undo what CoT put into the notebook',
      isEnabled: () => tracker.currentWidget !== null,
      execute: async () => {
        const panel = tracker.currentWidget;
        const offer = used.get(panel) || latestOffer(panel);
        const done = offer
          ? await host.actions.undo(panel, offer)
          : { said: 'There is no CoT session in this notebook.' };
        return done.said;
      }
    });
    if (!palette) return;
    palette.addItem({ command: 'cot-magic:debug', category: CATEGORY, args: {} });
    for (const [intensity] of INTENSITIES) palette.addItem({ command: 'cot-magic:debug', category: CATEGORY, args: { intensity } });
    palette.addItem({ command: 'cot-magic:undo', category: CATEGORY, args: {} });
  }

  async function follow(registry, changed) {
    if (!registry) return;
    const loaded = await registry.load(ID);
    const read = () => {
      for (const key of Object.keys(settings)) settings[key] = loaded.get(key).composite;
      changed();
    };
    loaded.changed.connect(read);
    read();
  }

  return {
    id: ID,
    description: 'Inserts the cells that cot-magic offers, and adds "Debug with CoT" to cells that failed.',
    autoStart: true,
    requires: [packages.notebook.INotebookTracker],
    optional: [packages.settings.ISettingRegistry, packages.apputils.ICommandPalette],
    activate: (app, tracker, registry, palette) => {
      leaveOutSubshells(packages);
      const dialogs = makeDialogs(packages);
      Object.assign(host, { tracker, dialogs, actions: makeActions(dialogs), bridge: new Bridge(settings) });
      addCommands(app, tracker, palette, dialogs);
      const bars = new Bars(packages, app.commands, settings);
      const attach = panel => {
        host.bridge.attach(panel);
        bars.attach(panel);
      };
      tracker.forEach(attach);
      tracker.widgetAdded.connect((_, panel) => attach(panel));
      packages.notebook.NotebookActions.executionScheduled.connect((_, { notebook }) => {
        const panel = tracker.find(item => item.content === notebook);
        if (panel) host.bridge.tellCells(panel);
      });
      tracker.activeCellChanged.connect(() => app.commands.notifyCommandChanged('cot-magic:debug'));
      return follow(registry, () => {
        bars.refreshAll();
        tracker.forEach(panel => host.bridge.guard(panel));
      });
    }
  };
}
