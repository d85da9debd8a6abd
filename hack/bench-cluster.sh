#!/usr/bin/env bash
# Times the making of a cluster with one control-plane node and three workers,
# a node that joins until its DaemonSet pod runs, and the removal of it all;
# beside it, in the same run, a bare `kind create cluster` of the same size and
# image. Binaries and the node image are made first if they are not cached, and
# counted apart. Flags are handed to `dsconform cluster create`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

name=dsconform-bench
bare=dsconform-bare
bin=./bin/dsconform
work="$(mktemp -d)"
cleanup() {
  local code=$?
  trap - EXIT
  "$bin" cluster delete --name "$name" >/dev/null 2>&1 || true
  [[ -x "$work/kind" ]] && "$work/kind" delete cluster --name "$bare" --kubeconfig "$work/bare" >/dev/null 2>&1 || true
  rm -rf -- "$work"
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

took=0
# timed runs a command and prints one line: what it was, and how long it took
# (in took, in tenths of a second).
timed() {
  local what="$1" started="$EPOCHREALTIME" code=0
  shift
  "$@" >"$work/out" 2>"$work/log" || code=$?
  if ((code)); then
    echo "$what failed (exit code $code):" >&2
    sed 's/^/   /' "$work/log" >&2
    exit "$code"
  fi
  took=$(((${EPOCHREALTIME//[!0-9]/} - ${started//[!0-9]/}) / 100000))
  printf '%-44s %7.1f s\n' "$what" "${took}e-1"
}

kubectl() { "$bin" kubectl "$@"; }

# join adds a node and waits for the DaemonSet's pod on it.
join() {
  node="$("$bin" cluster node add --name "$name" | tail -n 1)"
  kubectl wait --for=condition=Ready pod -l app=bench --field-selector "spec.nodeName=$node" --timeout=60s
}

timed "first cluster, caches as they are" "$bin" cluster create --name "$name" --workers 3 "$@"
timed "its removal" "$bin" cluster delete --name "$name"
timed "cluster of 4 nodes, warm" "$bin" cluster create --name "$name" --workers 3 "$@"
ours="$took"
environment="$("$bin" cluster env --name "$name" 2>/dev/null)"
eval "$environment"

# An image that every node has: the one its pods' sandboxes are made of.
pause="$(kubectl get nodes -o jsonpath='{range .items[0].status.images[*]}{.names[-1:]}{"\n"}{end}' | grep -m 1 pause)"
kubectl apply -f - >/dev/null <<YAML
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: bench
spec:
  selector:
    matchLabels: {app: bench}
  template:
    metadata:
      labels: {app: bench}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: pause
          image: $pause
          imagePullPolicy: Never
YAML
kubectl rollout status daemonset/bench --timeout=60s >/dev/null
timed "a node joins, until its DaemonSet pod is ready" join
timed "it leaves" "$bin" cluster node remove --name "$name" "$node"
timed "removal" "$bin" cluster delete --name "$name"

go build -o "$work/kind" sigs.k8s.io/kind
{
  printf 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{role: control-plane}, {role: worker}, {role: worker}, {role: worker}]\n'
  # Kubelets refuse cgroup v1 since 1.35 unless told otherwise.
  if [[ ! -e /sys/fs/cgroup/cgroup.controllers ]]; then
    printf 'kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  failCgroupV1: false\n'
  fi
} >"$work/config.yaml"
timed "bare kind create cluster, 4 nodes" "$work/kind" create cluster --name "$bare" --image "$NODE_IMAGE" --config "$work/config.yaml" --kubeconfig "$work/bare"
theirs="$took"
timed "its removal" "$work/kind" delete cluster --name "$bare" --kubeconfig "$work/bare"
printf 'ours waits until every node is Ready and DNS is up, and took %.2f times as long\n' "$((ours * 100 / theirs))e-2"
