/* Questions and messages: a diff before a cell is replaced, and code to copy if its cell is gone. */

const MOST_PAIRS = 1e6; // of lines to compare; beyond that, both sources are shown whole

/**
 * Return the lines of a diff, each with its sign: ' ', '-' or '+'.
 *
 * @param {string} before
 * @param {string} after
 * @returns {Array<[string, string]>}
 */
export function diffLines(before, after) {
  const a = before.split('\n');
  const b = after.split('\n');
  if (a.length * b.length > MOST_PAIRS) return [...a.map(l => ['-', l]), ...b.map(l => ['+', l])];
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const lines = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push([' ', a[i++]]);
      j++;
    } else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) {
      lines.push(['-', a[i++]]);
    } else {
      lines.push(['+', b[j++]]);
    }
  }
  return lines;
}

/** Make an element with text, which is never parsed as markup. */
export function element(tag, className, text = '', attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Make the dialogs from the packages that JupyterLab shares. */
export function makeDialogs({ apputils, widgets }) {
  const { Dialog, showDialog, Clipboard } = apputils;

  function body(...nodes) {
    const node = element('div', 'cot-Dialog');
    node.append(...nodes);
    return new widgets.Widget({ node });
  }

  function drawn(before, after) {
    const box = element('pre', 'cot-Diff', '', { tabindex: '0', 'aria-label': 'Changes to the cell' });
    for (const [sign, line] of diffLines(before, after)) {
      const kind = { '-': 'cot-mod-old', '+': 'cot-mod-new' }[sign] || '';
      box.append(element('span', kind, `${sign} ${line}\n`));
    }
    return box;
  }

  async function ask(title, nodes, label, warn = false) {
    const button = warn ? Dialog.warnButton({ label }) : Dialog.okButton({ label });
    const result = await showDialog({
      title,
      body: body(...nodes),
      buttons: [Dialog.cancelButton(), button],
      defaultButton: warn ? 0 : 1
    });
    return result.button.accept;
  }

  return {
    copy(text) {
      Clipboard.copyToSystem(text);
    },

    /** Show what will change, and whether the person changed the cell meanwhile; true to go ahead. */
    confirmReplace(found, edited) {
      const changed = found.some(item => item.changed);
      const nodes = found.flatMap(({ edit, current, changed: mine }) => [
        element('p', '', `${edit.label}${mine ? ' has changed since it was debugged. Your changes would be lost:' : ':'}`),
        drawn(current, edited(current, edit.after))
      ]);
      return ask(changed ? 'Overwrite your changes?' : 'Replace the cell?', nodes, changed ? 'Overwrite' : 'Replace', changed);
    },

    /** Ask a yes-or-no question; true for yes. */
    confirm(title, text, label) {
      return ask(title, [element('p', '', text)], label);
    },

    /** Say what is wrong, with code to copy if there is any. */
    async tell(title, text, code = '') {
      const nodes = [element('p', '', text)];
      if (code) nodes.push(element('pre', 'cot-Diff', code, { tabindex: '0', 'aria-label': 'Code' }));
      const buttons = code
        ? [Dialog.cancelButton({ label: 'Close' }), Dialog.okButton({ label: 'Copy code' })]
        : [Dialog.okButton({ label: 'Close' })];
      const result = await showDialog({ title, body: body(...nodes), buttons });
      if (code && result.button.accept) Clipboard.copyToSystem(code);
    }
  };
}
