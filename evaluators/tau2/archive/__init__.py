"""The pack from the official source archive: data files, tool schemas and prompt texts."""

from evaluators.tau2.archive.pack import normalise as normalise
