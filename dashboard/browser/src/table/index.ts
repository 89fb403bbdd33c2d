// The desk's table: AG Grid with the modules that the queue uses and no others, a script of its own that the desk alone
// loads. Which rows it shows and what its cells draw is said in assets/42-desk-*.

import {
  ColumnApiModule,
  createGrid,
  EventApiModule,
  type GridApi,
  type GridOptions,
  InfiniteRowModelModule,
  ModuleRegistry,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  RowStyleModule,
  ScrollApiModule,
  themeQuartz,
  TooltipModule,
} from 'ag-grid-community'

ModuleRegistry.registerModules([
  ColumnApiModule,
  EventApiModule,
  InfiniteRowModelModule,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  RowStyleModule,
  ScrollApiModule,
  TooltipModule,
])

/** Colours are the page's variables, so that the table follows its theme. */
const look = themeQuartz.withParams({
  backgroundColor: 'var(--panel)',
  foregroundColor: 'var(--text)',
  headerBackgroundColor: 'var(--panel)',
  headerTextColor: 'var(--text-2)',
  borderColor: 'var(--line)',
  accentColor: 'var(--accent)',
  selectedRowBackgroundColor: 'var(--accent-dim)',
  rowHoverColor: 'var(--panel-2)',
  browserColorScheme: 'inherit',
  fontFamily: 'inherit',
  fontSize: '0.95rem',
  headerFontSize: '0.85rem',
  spacing: 4,
  wrapperBorder: false,
  wrapperBorderRadius: 0,
  cellHorizontalPadding: 7,
  rowHeight: '2.9rem',
  headerHeight: '2rem',
})

/** A table in `host` of rows that it asks for, by `id`; one row is in hand at a time. */
function createTable(host: HTMLElement, options: GridOptions<{ id: string }>): GridApi<{ id: string }> {
  return createGrid(host, {
    theme: look,
    rowModelType: 'infinite',
    getRowId: ({ data }) => data.id,
    cacheBlockSize: 100,
    maxBlocksInCache: 6,
    rowBuffer: 5,
    rowSelection: { mode: 'singleRow', checkboxes: false, enableClickSelection: true },
    suppressCellFocus: true,
    animateRows: false,
    maintainColumnOrder: true,
    suppressNoRowsOverlay: true,
    tooltipShowDelay: 600,
    ...options,
  })
}

Object.assign(window, { gridcommandTable: createTable })
