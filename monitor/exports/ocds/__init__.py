"""The record in the Open Contracting Data Standard 1.1.5: releases, records, and packages of both (docs/ocds.md)."""
