package oracle

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// TestPlacementLooksWhereTheDaemonSetIs: its own namespace counts, and where it
// names none, that of the log.
func TestPlacementLooksWhereTheDaemonSetIs(t *testing.T) {
	ds := daemonSet()
	far := history.NewState("far")
	far.Apply(history.Entry{Change: history.Added, Namespace: "spec", Name: ds.Name, UID: ds.UID, Object: ds})
	wantErr(t, Placement(far, ds), "")
	homeless := daemonSet(func(d *appsv1.DaemonSet) { d.Namespace = "" })
	wantErr(t, Placement(far, homeless), "not in the log")
	wantErr(t, Placement(picture(ds), homeless), "")
}

// TestPlacementNamesWhatIsWrong: few are named, many are counted, and a pod that
// is going from a node that is gone is nothing wrong.
func TestPlacementNamesWhatIsWrong(t *testing.T) {
	ds := daemonSet()
	wantErr(t, Placement(picture(ds, node("a", nil), podOn("a", "pa"), podOn("z", "pz", terminating)), ds), "")
	wantErr(t, Placement(picture(ds, node("a", nil), node("b", nil)), ds), "2 nodes lack their pod: a, b (each ")
	five := picture(ds, node("a", nil), node("b", nil), node("c", nil), node("d", nil), node("e", nil))
	wantErr(t, Placement(five, ds), "5 nodes lack their pod: a, b, c, d, e (each ")
	six := picture(ds, podOn("a", "pa"), podOn("b", "pb"), podOn("c", "pc"), podOn("d", "pd"), podOn("e", "pe"), podOn("f", "pf"))
	wantErr(t, Placement(six, ds), "node e does not exist, yet pod pe is for it; and 1 more")
}
