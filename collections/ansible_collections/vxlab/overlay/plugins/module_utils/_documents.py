# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several JSON documents in one output, as of a batch or of several questions.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterator, Pattern

ANYTHING = re.compile(r"\S")


def documents(text: str, opening: Pattern[str] = ANYTHING) -> Iterator[Any]:
    """The documents, in order; raises ValueError at what is none.

    opening: how a document begins; what stands before that is left out. By default that is
    blanks alone.
    """
    decoder = json.JSONDecoder()
    found = opening.search(text)
    while found:
        document, end = decoder.raw_decode(text, found.start())
        yield document
        found = opening.search(text, end)
