# Runs in the build container, with the folder containerd worked in as $1: ends
# containerd and makes its work the node image's own /var/lib/containerd.
#
# kind makes /var a volume of every node, which the engine fills with a copy of
# the image's: half a gigabyte per node, written just while the nodes start. So
# what is large, the images' layers and their unpacked files, goes to
# /kind/store and links take its place: all nodes then read the same files, and
# nothing has to be unpacked before a node's first pods.
pkill -x containerd
while pgrep -x containerd >/dev/null; do sleep 0.1; done

blobs=io.containerd.content.v1.content/blobs/sha256
snapshots=io.containerd.snapshotter.v1.overlayfs/snapshots
mkdir -p /kind/store/blobs /kind/store/snapshots
cd "$1/$blobs"
for digest in *; do
	cp -a "$digest" /kind/store/blobs/
	ln -sf "/kind/store/blobs/$digest" "$digest"
done
cd "$1/$snapshots"
for number in *; do
	[ -d "$number/fs" ] || continue
	cp -a "$number/fs" "/kind/store/snapshots/$number"
	rm -rf "$number/fs"
	ln -s "/kind/store/snapshots/$number" "$number/fs"
done
mkdir -p /var/lib/containerd
cp -a "$1/." /var/lib/containerd/
