/* Changes to the cells of a notebook: find, insert, replace, undo. Nothing here draws or asks. */

/**
 * @typedef {{role: string, source: string, cell_type: string, metadata: object}} NewCell
 * @typedef {{cell_id: string, label: string, before: string, after: string}} Edit
 * @typedef {{format: number, state: string, session: string, cell_id: string, label: string, said: string,
 *   cells: NewCell[], edits: Edit[]}} Offer what the kernel offers for one session
 */

const COT_LINE = /^\s*#?%%cot\+{0,2}(?:[ \t][^\n]*)?(?:\n|$)/;

/** Split a source into its `%%cot` line (or the comment that it becomes when it runs) and the rest. */
function split(source) {
  const top = (source.match(COT_LINE) || [''])[0];
  return [top, source.slice(top.length)];
}

/** Whether two sources are the same code, apart from the `%%cot` line and trailing white space. */
export function sameCode(a, b) {
  return split(a)[1].trimEnd() === split(b)[1].trimEnd();
}

/** The new source of a cell that keeps its own `%%cot` line. */
export function edited(current, after) {
  return split(current)[0] + split(after)[1];
}

/** The index of a cell, -1 if it is not in the notebook. */
export function place(panel, id) {
  return panel.content.model.sharedModel.cells.findIndex(cell => cell.id === id);
}

const ofSession = (cell, session) => (cell.getMetadata('cot') || {}).session === session;

/** The cells of the offer for `fix`, `tests` or `all`. */
export function wanted(offer, what) {
  const roles = { fix: ['fix'], tests: ['test'], all: ['fix', 'test', 'probe'] }[what] || [];
  return offer.cells.filter(cell => roles.includes(cell.role));
}

/**
 * Insert cells below the failing one, after those of the same session; the fix goes before the tests.
 * One transaction, so one undo step. Cells that are already there are not inserted again.
 *
 * @returns {{ok: boolean, ids: string[], said: string}}
 */
export function insert(panel, offer, what) {
  const model = panel.content.model.sharedModel;
  const at = place(panel, offer.cell_id);
  if (at < 0) return { ok: false, ids: [], said: `${offer.label} is no longer in this notebook.` };
  let end = at + 1;
  let tests = -1; // where the tests of this session start
  while (end < model.cells.length && ofSession(model.cells[end], offer.session)) {
    if (tests < 0 && model.cells[end].getMetadata('cot').role === 'test') tests = end;
    end++;
  }
  const there = new Set(model.cells.slice(at + 1, end).map(cell => cell.getSource()));
  const fresh = wanted(offer, what).filter(cell => !there.has(cell.source));
  if (!fresh.length) return { ok: true, ids: [], said: 'The cells are already there.' };
  const start = tests >= 0 && fresh.every(cell => cell.role === 'fix') ? tests : end;
  const specs = fresh.map(cell => ({
    cell_type: cell.cell_type,
    source: cell.source,
    metadata: { trusted: false, ...cell.metadata }
  }));
  stopMerging(model);
  model.insertCells(start, specs);
  stopMerging(model);
  const ids = specs.map((_, k) => model.cells[start + k].id);
  show(panel, start);
  return { ok: true, ids, said: `${count(ids.length, 'cell')} inserted.` };
}

/** Changes within half a second count as one undo step; this ends the current step. */
function stopMerging(model) {
  if (model.undoManager) model.undoManager.stopCapturing();
}

/** Select a cell and scroll to it. */
export function show(panel, index) {
  const notebook = panel.content;
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  notebook.mode = 'command';
  notebook.activate();
  notebook.scrollToItem(index).catch(() => undefined); // disposed meanwhile: nothing to scroll to
}

/** The edits of an offer, each with its cell's index and current source, and whether the person changed it. */
export function editsOf(panel, offer) {
  const cells = panel.content.model.sharedModel.cells;
  return offer.edits.map(edit => {
    const index = place(panel, edit.cell_id);
    const current = index < 0 ? '' : cells[index].getSource();
    return { edit, index, current, changed: index >= 0 && !sameCode(current, edit.before) };
  });
}

/** Write the edits into their cells. Each is one undo step in the cell's editor. */
export function replace(panel, offer) {
  const cells = panel.content.model.sharedModel.cells;
  const found = editsOf(panel, offer);
  for (const { edit, index, current } of found) {
    stopMerging(cells[index]);
    cells[index].setSource(edited(current, edit.after));
    stopMerging(cells[index]);
  }
  if (found.length) show(panel, found[0].index);
  return { ok: true, said: `${count(found.length, 'cell')} replaced: run ${found.length === 1 ? 'it' : 'them'} again.` };
}

/**
 * Undo what the session put into the notebook: remove inserted cells that are unchanged, restore the source of
 * replaced ones. What the person has changed since is kept.
 */
export function undo(panel, offer) {
  const model = panel.content.model.sharedModel;
  const sources = new Set(offer.cells.map(cell => cell.source));
  const ours = model.cells.filter(cell => ofSession(cell, offer.session));
  const gone = ours.filter(cell => sources.has(cell.getSource())).map(cell => cell.id);
  const back = editsOf(panel, offer).filter(e => e.index >= 0 && sameCode(e.current, e.edit.after));
  for (const { edit, index, current } of back) model.cells[index].setSource(edited(current, edit.before));
  stopMerging(model);
  const places = gone.map(id => place(panel, id)).sort((a, b) => b - a); // from the bottom, so that indexes above stay valid
  model.transact(() => places.forEach(index => model.deleteCell(index)));
  const kept = ours.length - gone.length;
  const parts = [];
  if (gone.length) parts.push(`${count(gone.length, 'cell')} removed`);
  if (back.length) parts.push(`${count(back.length, 'cell')} restored`);
  if (kept) parts.push(`${count(kept, 'cell')} kept, because you changed ${kept === 1 ? 'it' : 'them'}`);
  const any = parts.length > 0;
  return { ok: true, any, said: any ? `${parts.join(', ')}.` : 'There is nothing to undo.' };
}

function count(number, word) {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
