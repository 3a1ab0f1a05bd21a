/* What the page shows as the status of the kernel. */

const OPTION = 'untracked_message_types';
// The first widget on a page, such as our panel, makes the page ask for a subshell while the cell runs. The kernel
// answers at once on its control channel, and the page would take the "idle" after that answer for the end of the cell.
// The same holds for what a subshell hears on a comm, such as ours; JupyterLab leaves comms out by itself, Notebook 7 not.
const BESIDE_THE_CELL = [
  'create_subshell_request',
  'delete_subshell_request',
  'list_subshell_request',
  'comm_open',
  'comm_msg',
  'comm_close'
];

/** Ignore in the displayed status what subshells do: it says nothing about the running cell. */
export function leaveOutSubshells({ coreutils: { PageConfig } }) {
  const known = JSON.parse(PageConfig.getOption(OPTION) || '[]');
  PageConfig.setOption(OPTION, JSON.stringify([...new Set([...known, ...BESIDE_THE_CELL])]));
}
