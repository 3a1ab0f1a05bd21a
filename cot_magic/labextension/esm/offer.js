/* The row of buttons of a panel: a MIME renderer, so it works after a reload, without widgets or a kernel. */

import { element } from './dialogs.js';
import { afterChoice, afterInsertion } from './debug.js';
import { host, panelOf } from './host.js';

const MIME = 'application/vnd.cot-magic.offer+json';
const PATIENCE = 5000; // ms until we report that a run has not stopped
const RANK = -10; // before the widgets in the same output, which are for front ends without this extension

/** The renderer extension. */
export function makeRenderer({ widgets }) {
  class OfferRow extends widgets.Widget {
    constructor() {
      super();
      this.row = element('div', 'cot-Offer', '', { role: 'group', 'aria-label': 'CoT debugger' });
      this.node.append(this.row);
      this.choices = []; // the button of each choice, beside its change in the panel
      this.moves = new MutationObserver(() => this.place());
    }

    onAfterAttach() {
      this.place();
      const area = this.node.closest('.jp-OutputArea');
      if (area) this.moves.observe(area, { childList: true, subtree: true });
    }

    onBeforeDetach() {
      this.moves.disconnect();
    }

    /** Put the row of an ended session into the panel of the output before, above its first fold; else below it. */
    place() {
      const child = this.node.closest('.jp-OutputArea-child');
      const before = child && child.previousElementSibling;
      const panel = before && before.querySelector('section[role="region"]');
      const fold = panel && this.offer && this.offer.state !== 'running' && [...panel.children].find(part => part.tagName === 'DETAILS');
      const home = fold ? panel : this.node;
      if (this.row.parentNode !== home) home.insertBefore(this.row, fold || null);
      for (const [number, button] of this.choices) {
        const change = panel && [...panel.querySelectorAll(`pre[aria-label^="choice ${number}:"]`)].pop();
        if (change && change.nextElementSibling !== button) change.after(button);
        else if (!change && button.parentNode !== this.row) this.row.prepend(button); // a view that drops labels
      }
    }

    /** @param {any} model with the offer under its MIME type */
    async renderModel(model) {
      this.offer = model.data[MIME];
      for (const [, button] of this.choices) button.remove();
      this.choices = (this.offer.choices || []).map(choice => [choice.number, this.choice(choice)]);
      this.draw();
    }

    draw() {
      this.said = element('span', 'cot-Offer-said', this.offer.said || '', { role: 'status', 'aria-live': 'polite' });
      const buttons = this.offer.state === 'running' ? this.whileRunning() : this.atTheEnd();
      this.row.replaceChildren(...buttons, this.said);
      this.row.hidden = !buttons.length && !this.offer.said;
      this.place();
    }

    /** The button that takes one reading; what can be put into the notebook is then that one. */
    choice(choice) {
      const label = `This one: choice ${choice.number}, ${choice.does}`;
      const button = this.button('This one', label, async panel => {
        const said = await afterChoice(panel, this.offer, choice.number);
        for (const [number, other] of this.choices) other.setAttribute('aria-pressed', String(number === choice.number));
        this.offer = { ...this.offer, cells: choice.cells, edits: choice.edits, taken: choice.number, said: '' };
        this.draw();
        const main = this.row.querySelector('.jp-mod-accept');
        if (main) main.focus();
        return { ok: true, said: said || `Choice ${choice.number} was taken.` };
      });
      button.classList.add('cot-Choice', 'jp-mod-accept');
      button.setAttribute('aria-label', label);
      button.setAttribute('aria-pressed', 'false');
      return button;
    }

    whileRunning() {
      return [
        this.button('Cancel', 'Stop the investigation; what was found so far is kept', async (panel, button) => {
          button.disabled = true;
          const asked = this.offer;
          setTimeout(() => {
            if (this.offer !== asked) return; // it has finished
            button.disabled = false;
            this.said.textContent = 'It has not stopped. If the cell is still running, interrupt the kernel.';
          }, PATIENCE);
          return host.bridge.cancel(panel, asked.session);
        })
      ];
    }

    atTheEnd() {
      const { cells, edits, label, taken } = this.offer;
      if (this.choices.length && !taken) return []; // the buttons are beside the choices
      const fix = cells.some(cell => cell.role === 'fix');
      const tests = cells.some(cell => cell.role === 'test');
      const row = [];
      const add = (text, title, name, what = '') =>
        row.push(this.button(text, title, async panel => {
          const done = await host.actions[name](panel, this.offer, what);
          if (done.ok && name !== 'undo' && name !== 'copy' && what !== 'tests') this.certify(panel, done.said);
          return done;
        }));
      if (edits.length) {
        const where = edits.map(edit => edit.label).join(' and ');
        add('Replace…', `Put the fix into ${where}; the changes are shown first`, 'replace');
      }
      if (fix) add('Insert fix', `Insert the fix as a new cell below ${label}`, 'insert', 'fix');
      if (tests) add('Insert tests', `Insert the tests as new cells below ${label}`, 'insert', 'tests');
      if (fix && tests) add('Insert both', `Insert the fix and the tests below ${label}`, 'insert', 'all');
      if (row.length) {
        add('Undo', 'Undo what this session put into the notebook', 'undo');
        add('Copy', 'Copy the fix and the tests', 'copy');
        // Run All reaches a cell that was replaced, and never a copy below a cell that fails
        const main = row.findIndex(button => button.textContent === (edits.length ? 'Replace…' : 'Insert both'));
        row[Math.max(main, 0)].classList.add('jp-mod-accept');
      }
      return row;
    }

    /** Ask the kernel for the certificate of the notebook with the fix, as `%cot_insert` does. */
    async certify(panel, said) {
      const more = await afterInsertion(panel, this.offer);
      if (more && this.said.textContent === said) this.said.textContent = `${said} ${more}`;
    }

    button(text, title, act) {
      const button = element('button', 'cot-Button jp-mod-styled', text, { type: 'button', title });
      button.addEventListener('click', async () => {
        const panel = panelOf(this.node);
        if (!panel) {
          this.said.textContent = 'Open the notebook itself: this view cannot change it.';
          return;
        }
        try {
          const { said } = await act(panel, button);
          this.said.textContent = said; // the row may have been drawn again
        } catch (error) {
          this.said.textContent = `${text} failed: ${error}`;
          throw error; // for the console
        }
      });
      return button;
    }
  }

  return {
    id: 'cot-magic:offer',
    description: 'Draws the buttons below the panel of a cot-magic session.',
    rendererFactory: { safe: false, mimeTypes: [MIME], createRenderer: () => new OfferRow() },
    rank: RANK,
    dataType: 'json'
  };
}

/** The latest offer in the outputs of the active cell, else of the notebook; null without one. */
export function latestOffer(panel) {
  const found = panel.content.widgets.flatMap(cell => {
    const outputs = (cell.model.type === 'code' && cell.model.outputs) || { length: 0 };
    const offers = [];
    for (let i = 0; i < outputs.length; i++) {
      const offer = outputs.get(i).data[MIME];
      if (offer && offer.cells.length + offer.edits.length) offers.push([cell, offer]);
    }
    return offers;
  });
  const here = found.filter(([cell]) => cell === panel.content.activeCell);
  const last = (here.length ? here : found).pop();
  return last ? last[1] : null;
}
