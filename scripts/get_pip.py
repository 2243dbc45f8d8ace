# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test runs to put pip into an empty virtual environment, in place of get-pip.py.

ansible-test downloads get-pip.py from a server of its own. This one uses the pip that comes with
Python, which then takes the versions that ansible-test asks for from pip's own index.
scripts/sanity puts it where ansible-test looks for a copy that is there already.
"""

from __future__ import annotations

import subprocess
import sys

packages = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
sys.exit(subprocess.run([sys.executable, "-m", "pip", "install", *packages]).returncode)
