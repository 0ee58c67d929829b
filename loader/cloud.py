"""Accounts and Regions of AWS as keys, texts and folders name them (leaf, pure).

Names of Regions: AWS Global Infrastructure, "AWS Regions". Where ``global`` stands for one, a key has it between any characters that are
no part of a word; the toolbox of hooks is stricter, since texts speak of global things.
"""

from __future__ import annotations

import re

ACCOUNT = r"\d{12}"
REGION = (
    r"(?:af|ap|ca|cn|eu|eu-iso[a-f]?|eusc|il|me|mx|sa|us|us-gov|us-iso[a-f]?)"
    r"-(?:de-)?(?:central|(?:north|south)(?:east|west)?|east|west)-\d"
)
LIKE_REGION = r"(?:[a-z]{2}|eusc)(?:-[a-z]+)+-\d"  # the form of these names, for those of tomorrow
ACCOUNT_FOLDER = re.compile(rf"(?<!\w){ACCOUNT}(?=/)")
REGION_IN_KEY = re.compile(rf"(?<![A-Za-z]){REGION}(?!\d)|\bglobal\b")
REGION_IN_TEXT = re.compile(rf"(?<![a-z0-9])(?:{REGION}(?!\d)|global(?![\w-]))")
