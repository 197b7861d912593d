/** What a person sees, in the two languages of the product. */
export interface ITexts {
  category: string;
  label: string;
  caption: string;
}

const ENGLISH: ITexts = {
  category: 'CSV Agent',
  label: 'Ask about this file',
  caption: 'Add a cell that asks a question about the selected file'
};

const RUSSIAN: ITexts = {
  category: 'CSV Agent',
  label: 'Спросить об этом файле',
  caption: 'Добавить ячейку с вопросом о выбранном файле'
};

/**
 * Return the texts for a locale of JupyterLab, such as `ru_RU`; `default` means what the browser asks for.
 */
export function textsFor(locale: string): ITexts {
  const language = locale === 'default' ? navigator.language : locale;
  return language.toLowerCase().startsWith('ru') ? RUSSIAN : ENGLISH;
}
