import { PathExt } from '@jupyterlab/coreutils';

export const LOAD_LINE = '%load_ext csvagent_jupyter';

const TABLE_FILE = /\.(csv|tsv|tab)(\.(gz|bz2|xz|zst|zip))?$/i;

/** Tell by its name whether a file is a table that the magic reads. */
export function isTableFile(path: string): boolean {
  return TABLE_FILE.test(path);
}

/**
 * Return the source of a cell that asks about files, as the notebook's kernel sees them: from the notebook's folder.
 */
export function askingCell(notebookPath: string, filePaths: string[]): string {
  const folder = PathExt.dirname(notebookPath);
  const words = filePaths.map(path => quoted(PathExt.relative(folder, path)));
  return `%%csvagent ${words.join(' ')}\n`;
}

/** Write a path as one word of a command line. */
function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&')}"`;
}
