"""Runs the command line as in a pod: with the files of a service account where the pod has them.

`python -m tests.deploy.pod FOLDER ARGUMENT…`, where FOLDER holds token, ca.crt and namespace.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kubernetes.config import incluster_config

from console.cli import main
from core.cluster.kubernetes import kubeconfig

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    incluster_config.SERVICE_TOKEN_FILENAME = str(folder / "token")
    incluster_config.SERVICE_CERT_FILENAME = str(folder / "ca.crt")
    kubeconfig._service_account_namespace = lambda: (folder / "namespace").read_text()
    sys.exit(main(sys.argv[2:]))
