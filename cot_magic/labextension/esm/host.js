/* What the renderer and the plugin share: the renderer is created first, and needs what the plugin finds. */

/** Set by the plugin: the notebook tracker, the dialogs, the actions, and the bridge, which cancels a run. */
export const host = {
  /** @type {any} */ tracker: null,
  /** @type {ReturnType<import('./dialogs.js').makeDialogs>|null} */ dialogs: null,
  /** @type {ReturnType<import('./actions.js').makeActions>|null} */ actions: null,
  /** @type {import('./bridge.js').Bridge|null} */ bridge: null
};

/** The notebook panel that contains a DOM node. */
export function panelOf(node) {
  return host.tracker && host.tracker.find(panel => panel.node.contains(node));
}

export function kernelOf(panel) {
  const session = panel && panel.sessionContext.session;
  return (session && session.kernel) || null;
}
