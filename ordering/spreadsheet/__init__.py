"""Products as a spreadsheet, CSV or XLSX: cells to what a restaurant file says, and back. Writes no row.

`cells` knows words, `reading` knows files, `products` the columns. What an import means is said in
`services/transfer/sheet.py`.
"""
