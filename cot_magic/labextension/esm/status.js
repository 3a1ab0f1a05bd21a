/* What the page takes for the status of the kernel. */

const OPTION = 'untracked_message_types';
// The first widget of a page makes it ask for a subshell while the cell runs, also our panel. The kernel answers at
// once, on its control channel, and the page would take the "idle" at the end of that answer for the end of the cell.
const BESIDE_THE_CELL = ['create_subshell_request', 'delete_subshell_request', 'list_subshell_request'];

/** Leave requests about subshells out of the status that is shown: they tell nothing of the running cell. */
export function leaveOutSubshells({ coreutils: { PageConfig } }) {
  const known = JSON.parse(PageConfig.getOption(OPTION) || '[]');
  PageConfig.setOption(OPTION, JSON.stringify([...new Set([...known, ...BESIDE_THE_CELL])]));
}
