import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker, Notebook, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import { askingCell, isTableFile, LOAD_LINE } from './cell';
import { textsFor } from './texts';

const ASK = 'csvagent:ask-about-file';

/** Offers "Ask about this file" on the tables of the file browser; it writes a cell and sends nothing anywhere. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'csvagent-jupyter:ask',
  description: 'Adds a cell that asks about the file selected in the file browser.',
  autoStart: true,
  requires: [IFileBrowserFactory, INotebookTracker],
  optional: [IDefaultFileBrowser, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    browsers: IFileBrowserFactory,
    notebooks: INotebookTracker,
    defaultBrowser: IDefaultFileBrowser | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const texts = textsFor(translator?.languageCode ?? 'en');

    const selectedTables = (): string[] => {
      const browser = browsers.tracker.currentWidget ?? defaultBrowser;
      const items = browser ? [...browser.selectedItems()] : [];
      const files = items.filter(item => item.type !== 'directory').map(item => item.path);
      return files.filter(isTableFile).map(path => app.serviceManager.contents.localPath(path));
    };

    app.commands.addCommand(ASK, {
      label: texts.label,
      caption: texts.caption,
      isEnabled: () => selectedTables().length > 0,
      isVisible: () => selectedTables().length > 0,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        const tables = selectedTables();
        const panel = notebooks.currentWidget ?? (await newNotebook(app, tables[0]));
        await panel.context.ready;
        app.shell.activateById(panel.id);
        const path = app.serviceManager.contents.localPath(panel.context.path);
        addCells(panel.content, askingCell(path, tables));
        // The palette takes the focus once more after its command, so the cursor goes to the cell a frame later.
        requestAnimationFrame(() => {
          writeOn(panel.content);
        });
      }
    });
    palette?.addItem({ command: ASK, category: texts.category });
  }
};

/** Open a new notebook beside a file, with the default kernel. */
async function newNotebook(app: JupyterFrontEnd, filePath: string): Promise<NotebookPanel> {
  await app.serviceManager.kernelspecs.ready;
  const folder = filePath.split('/').slice(0, -1).join('/');
  const kernelName = app.serviceManager.kernelspecs.specs?.default;
  return (await app.commands.execute('notebook:create-new', {
    cwd: folder,
    kernelName
  })) as NotebookPanel;
}

/** Put the asking cell below the active one, and the line that loads the magic before it where it is missing. */
function addCells(notebook: Notebook, source: string): void {
  const sources = notebook.widgets.map(cell => cell.model.sharedModel.source);
  if (!sources.some(text => text.includes(LOAD_LINE))) {
    fillNextCell(notebook, LOAD_LINE);
  }
  fillNextCell(notebook, source);
}

/** Put the cursor where the question goes. */
function writeOn(notebook: Notebook): void {
  notebook.mode = 'edit';
  notebook.activeCell?.editor?.setCursorPosition({ line: 1, column: 0 });
}

/** Write into the active cell if it is an empty code cell, else into a new one below it. */
function fillNextCell(notebook: Notebook, source: string): void {
  const active = notebook.activeCell?.model;
  if (!active || active.type !== 'code' || active.sharedModel.source.trim() !== '') {
    NotebookActions.insertBelow(notebook);
  }
  notebook.activeCell?.model.sharedModel.setSource(source);
}

export default plugin;
