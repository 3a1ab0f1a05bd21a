/* Carries out what the buttons and the kernel ask for; each action returns one sentence for the person. */

import * as cells from './cells.js';

/** The last offer used in each panel, kept for undo when its cell has run again and the row is gone. */
export const used = new WeakMap();

/** The code of an offer as one string, for copying. */
export function code(offer) {
  return offer.cells.map(cell => cell.source).join('\n\n\n');
}

/**
 * Actions by name: `insert`, `replace`, `undo`, `copy`. Each takes the panel, the offer and what to insert, and
 * returns `{ok, said}`.
 *
 * @param {ReturnType<import('./dialogs.js').makeDialogs>} dialogs
 */
export function makeActions(dialogs) {
  async function missing(offer, text, what) {
    const chosen = { ...offer, cells: cells.wanted(offer, what) };
    await dialogs.tell('The cell is gone', `${text} Nothing was changed.`, code(chosen));
    return { ok: false, said: text };
  }

  return {
    async insert(panel, offer, what) {
      const done = cells.insert(panel, offer, what);
      if (done.ok) used.set(panel, offer);
      return done.ok ? done : missing(offer, done.said, what);
    },

    async replace(panel, offer) {
      const gone = cells.editsOf(panel, offer).find(item => item.index < 0);
      if (gone) return missing(offer, `${gone.edit.label} is no longer in this notebook.`, 'fix');
      const asked = cells.editsOf(panel, offer);
      if (asked.every(item => cells.sameCode(item.current, item.edit.after))) {
        return { ok: true, said: 'The fix is already there.' };
      }
      if (!(await dialogs.confirmReplace(asked, cells.edited))) return { ok: false, said: 'Nothing was changed.' };
      const now = cells.editsOf(panel, offer); // another tab may have edited while the dialog was open
      if (now.some((item, k) => item.current !== asked[k].current)) {
        return { ok: false, said: 'The cell was changed meanwhile, so nothing was replaced. Click again to see the changes.' };
      }
      used.set(panel, offer);
      return cells.replace(panel, offer);
    },

    /** Undo this offer; if there is nothing to undo, the one used last. */
    async undo(panel, offer) {
      const done = cells.undo(panel, offer);
      const last = used.get(panel);
      return done.any || !last ? done : cells.undo(panel, last);
    },

    async copy(panel, offer) {
      dialogs.copy(code(offer));
      return { ok: true, said: 'Copied.' };
    }
  };
}
