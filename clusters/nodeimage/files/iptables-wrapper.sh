#!/bin/sh
# Runs the iptables variant that this node's kubelet uses. Rules written with
# both variants would contradict each other, and the kubelet, which starts
# first, leaves its marks in the mangle table.
set -eu
tool=${0##*/}
chosen=/run/iptables-variant
variant=
if [ -r "$chosen" ]; then
	read -r variant <"$chosen"
else
	for candidate in nft legacy; do
		case "$("xtables-$candidate-multi" iptables-save -t mangle 2>/dev/null || :)" in
		*KUBE-IPTABLES-HINT* | *KUBE-KUBELET-CANARY*)
			variant=$candidate
			# Kept only once it is certain.
			echo "$variant" >"$chosen" || :
			break
			;;
		esac
	done
fi
exec "xtables-${variant:-nft}-multi" "$tool" "$@"
