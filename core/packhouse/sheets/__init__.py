"""Catalogue, prices and stock as CSV and XLSX: written out of the database and taken back in, row by row."""
