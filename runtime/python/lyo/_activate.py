"""Imported by ``lyo.pth`` (see ``lyo enable``) where ``LYO_BUNDLE`` is set."""

import os

import lyo

lyo.install(os.environ["LYO_BUNDLE"], report=os.environ.get("LYO_REPORT"))
