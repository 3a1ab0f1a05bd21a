/* "Debug with CoT": a line magic on the last failure of a cell, with its outputs below the traceback. */

import { host, kernelOf } from './host.js';
import { element } from './dialogs.js';
import { place } from './cells.js';

export const INTENSITIES = [
  ['cot', 'quick: up to 5 s of experiments'],
  ['cot+', 'thorough: up to 20 s of experiments'],
  ['cot++', 'exhaustive: up to 60 s of experiments']
];
const OFFER = 'application/vnd.cot-magic.offer+json';
const PANEL = /^<section role="region" aria-label="([^"]*)"/;
const ASKED = 'the last failure';
const SAID = 'after the click';
const QUERY = '__import__("cot_magic.notebook.bridge", fromlist=["_"]).last_failed_cell(get_ipython())';

/** Whether a cell widget shows an error output of a Python kernel. */
export function failed(cell) {
  if (!cell || !cell.model || cell.model.type !== 'code') return false;
  const spec = cell.parent && cell.parent.model && cell.parent.model.getMetadata('kernelspec');
  if (spec && spec.language && spec.language !== 'python') return false;
  const outputs = cell.model.outputs;
  for (let i = 0; i < outputs.length; i++) if (outputs.get(i).type === 'error') return true;
  return false;
}

/** Whether a cell asked for its own investigation and shows the result, or is a lesson: a button adds nothing. */
export function answered(cell) {
  const first = cell.model.sharedModel.getSource().trimStart().split('\n', 1)[0];
  if (!/^%%cot\+{0,2}(\s|$)/.test(first)) return false;
  if (/\s--teach\b/.test(first)) return true;
  return panelsOf(cell.model.outputs).some(word => !['interrupted', 'stopped', 'running'].includes(word));
}

/** The verdicts of the panels among outputs: the last word of each panel's label. */
function panelsOf(outputs) {
  const found = [];
  for (let i = 0; i < outputs.length; i++) {
    const label = PANEL.exec([outputs.get(i).data['text/html'] || ''].flat().join(''));
    if (label) found.push(label[1].split(', ').pop());
  }
  return found;
}

/** Remove what an earlier click showed, from the first panel on: each click shows one panel. */
function clear(outputs) {
  const kept = [];
  for (let i = 0; i < outputs.length; i++) {
    const { data } = outputs.get(i);
    if (!data[OFFER] && !PANEL.test([data['text/html'] || ''].flat().join(''))) kept.push(outputs.get(i).toJSON());
  }
  if (kept.length < outputs.length) outputs.fromJSON(kept);
}

/** Run our code in the kernel without traces in the history or the execution counts. */
function request(kernel, code, cellId, more = {}) {
  const content = { code, silent: true, store_history: false, stop_on_error: false, allow_stdin: false, ...more };
  return kernel.requestExecute(content, true, { cellId });
}

/**
 * Ask the kernel about its last failure.
 *
 * @returns {Promise<{installed: boolean, loaded: boolean, cell: string}>}
 */
async function state(kernel, cellId) {
  const reply = await request(kernel, '', cellId, { user_expressions: { [ASKED]: QUERY } }).done;
  const answer = (reply.content.user_expressions || {})[ASKED];
  if (!answer || answer.status !== 'ok') return { installed: false, loaded: false, cell: '' };
  const text = answer.data['text/plain'];
  return { installed: true, loaded: text !== 'None', cell: text.replace(/^'|'$/g, '') };
}

/** What the kernel says after the fix of an offer was put into the notebook: its certificate. */
export async function afterInsertion(panel, offer) {
  const answer = await said(panel, offer, `after_insertion(get_ipython(), ${JSON.stringify(offer.session)})`);
  if (!answer) return '';
  return answer.status === 'ok' ? answer.data['text/plain'] : `No certificate: ${answer.ename} ${answer.evalue}`;
}

/** What the kernel says after a choice was taken, as `%cot_answer` does; empty if it knows nothing of it. */
export async function afterChoice(panel, offer, number) {
  const answer = await said(panel, offer, `chosen(get_ipython(), ${JSON.stringify(offer.session)}, ${number})`);
  return answer && answer.status === 'ok' ? answer.data['text/plain'] : '';
}

/** The value of an expression of our module in the kernel; undefined without a kernel. */
async function said(panel, offer, expression) {
  const kernel = kernelOf(panel);
  if (!kernel) return undefined;
  const query = `__import__("cot_magic.notebook.bridge", fromlist=["_"]).${expression}`;
  const reply = await request(kernel, '', offer.cell_id, { user_expressions: { [SAID]: query } }).done;
  return (reply.content.user_expressions || {})[SAID];
}

/** Append what a request sends to the outputs of a cell. */
function route(future, cell) {
  const outputs = cell.model.outputs;
  const shown = new Map(); // display id -> the output; its index may change
  const find = output => {
    for (let i = 0; i < outputs.length; i++) if (outputs.get(i) === output) return i;
    return -1; // cleared, because the cell ran again
  };
  future.onIOPub = message => {
    const type = message.header.msg_type;
    const output = { ...message.content, output_type: type };
    const id = (message.content.transient || {}).display_id;
    delete output.transient;
    if (cell.isDisposed) return; // deleted meanwhile: nowhere to show it
    if (type === 'update_display_data') {
      const at = shown.has(id) ? find(shown.get(id)) : -1;
      if (at < 0) return;
      outputs.set(at, { ...output, output_type: 'display_data' });
      shown.set(id, outputs.get(at));
    } else if (['display_data', 'execute_result', 'stream', 'error'].includes(type)) {
      const length = outputs.add(output);
      if (id) shown.set(id, outputs.get(length - 1));
    }
  };
}

/** Make the command "Debug with CoT" from the packages, dialogs and settings. */
export function makeDebug({ notebook }, dialogs, settings) {
  const running = new WeakSet(); // cells

  async function again(panel, cell, magic, reason) {
    const text = `${reason} To debug it, the code of this cell has to run again, with all its side effects.`;
    if (!(await dialogs.confirm('Run the cell again?', text, `Run with %%${magic}`))) return;
    const shared = cell.model.sharedModel;
    const options = settings.reasoner === 'auto' ? '' : ` --reasoner ${settings.reasoner}`;
    if (!/^\s*%%cot/.test(shared.getSource())) shared.setSource(`%%${magic}${options}\n${shared.getSource()}`);
    panel.content.activeCellIndex = place(panel, cell.model.id);
    await notebook.NotebookActions.run(panel.content, panel.sessionContext);
  }

  /**
   * Debug the last failure of that cell; if the kernel no longer has it, offer to run the cell again.
   *
   * @param {string} [intensity] by default that of the settings
   */
  async function debug(panel, cell, intensity) {
    const magic = intensity || settings.intensity;
    const kernel = kernelOf(panel);
    if (!kernel) return dialogs.tell('No kernel', 'This notebook has no kernel: start one and run the cell.');
    if (running.has(cell)) return undefined;
    running.add(cell);
    try {
      const known = await state(kernel, cell.model.id);
      if (!known.installed) {
        return dialogs.tell('cot-magic is missing', 'cot-magic is not installed in the kernel of this notebook. Install it there and restart the kernel.', 'pip install cot-magic');
      }
      if (!known.loaded) {
        await request(kernel, '%load_ext cot_magic', cell.model.id).done;
        return again(panel, cell, magic, 'cot-magic was not loaded when this cell failed, so the failure can no longer be debugged.');
      }
      if (known.cell !== cell.model.id) {
        const other = place(panel, known.cell) >= 0 ? 'The last failure in this kernel is from another cell.' : 'The failure of this cell is no longer in the kernel.';
        return again(panel, cell, magic, other);
      }
      const options = settings.reasoner === 'auto' ? '' : ` --reasoner ${settings.reasoner}`;
      host.bridge.tellCells(panel);
      clear(cell.model.outputs);
      const future = request(kernel, `%${magic}${options}`, cell.model.id);
      route(future, cell);
      return await future.done;
    } finally {
      running.delete(cell);
    }
  }

  return debug;
}

/** Keeps a bar with the button below each cell that shows an error. */
export class Bars {
  constructor({ widgets }, commands, settings) {
    this.widgets = widgets;
    this.commands = commands;
    this.settings = settings;
    this.watched = new WeakSet();
  }

  /** Follow the cells of a notebook, including those already there. */
  attach(panel) {
    const scan = () => panel.content.widgets.forEach(cell => this.watch(cell));
    panel.context.ready.then(() => {
      scan();
      panel.content.model.cells.changed.connect(() => requestAnimationFrame(scan)); // the widgets come later
    });
  }

  watch(cell) {
    if (cell.model.type !== 'code') return;
    if (!this.watched.has(cell)) {
      this.watched.add(cell);
      cell.model.outputs.changed.connect(() => this.refresh(cell));
      cell.model.stateChanged.connect((_, change) => {
        if (change.name === 'executionState') this.refresh(cell);
      });
    }
    this.refresh(cell);
  }

  refreshAll() {
    host.tracker.forEach(panel => panel.content.widgets.forEach(cell => this.refresh(cell)));
  }

  refresh(cell) {
    if (cell.isDisposed || cell.model.type !== 'code') return;
    const bar = cell.node.querySelector(':scope > .cot-Bar');
    const running = cell.model.executionState === 'running'; // its failure may be being debugged
    const want = this.settings.offerOnError && failed(cell) && !answered(cell) && !running;
    if (want && !bar) cell.node.appendChild(this.bar(cell));
    else if (!want && bar) bar.remove();
    this.commands.notifyCommandChanged('cot-magic:debug');
  }

  bar(cell) {
    const bar = element('div', 'cot-Bar', '', { role: 'group', 'aria-label': 'Debug this cell' });
    const run = intensity =>
      this.commands.execute('cot-magic:debug', { cellId: cell.model.id, ...(intensity && { intensity }) });
    const main = element('button', 'cot-Button jp-mod-styled', 'Debug with CoT', { type: 'button', title: 'Find the cause of this error without running the cell again' });
    const more = element('button', 'cot-Button jp-mod-styled', '▾', { type: 'button', title: 'Choose how thorough', 'aria-label': 'Choose how thorough', 'aria-haspopup': 'menu' });
    main.addEventListener('click', () => run());
    more.addEventListener('click', () => {
      const menu = new this.widgets.Menu({ commands: this.commands });
      for (const [intensity] of INTENSITIES) {
        menu.addItem({ command: 'cot-magic:debug', args: { cellId: cell.model.id, intensity, menu: true } });
      }
      const at = more.getBoundingClientRect();
      menu.aboutToClose.connect(() => more.focus());
      menu.open(at.left, at.bottom);
    });
    bar.append(main, more);
    return bar;
  }
}
