package history

import (
	"cmp"
	"slices"
	"strconv"
)

// Sorted gives the entries in the order in which the changes were committed,
// as far as it can be known; Seq stays as it was.
//
// Each watch delivers its own changes in order, but two watches race each
// other: a pod may arrive before the node change that led to it. A
// resourceVersion is the revision of the store, and where DaemonSets, pods,
// nodes and ControllerRevisions share one etcd, as on kind and sim clusters, its
// number orders changes across kinds. So these entries are sorted by it.
//
// Actions, gaps, notes and events (which clusters may keep in another etcd) have
// no such number. Each keeps its place in time: after everything that had
// arrived before it, for that was committed before; and, since the number of
// what had arrived is known, before every change with a higher one.
//
// If any number cannot be read (a foreign store), the order of arrival is kept.
func Sorted(entries []Entry) []Entry {
	out := slices.Clone(entries)
	slices.SortStableFunc(out, func(a, b Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	at := make(map[int64]uint64, len(out))
	var seen uint64
	for _, e := range out {
		if rv, ok, comparable := revisionOf(e); !comparable {
			return out
		} else if ok {
			at[e.Seq] = rv
			seen = max(seen, rv)
		} else {
			at[e.Seq] = seen
		}
	}
	slices.SortStableFunc(out, func(a, b Entry) int { return cmp.Compare(at[a.Seq], at[b.Seq]) })
	return out
}

// revisionOf gives the revision an entry is sorted by. ok is false for entries
// that have none by their nature, comparable for one that should but cannot be read.
func revisionOf(e Entry) (rv uint64, ok, comparable bool) {
	if e.Object == nil || e.Kind == KindEvent {
		return 0, false, true
	}
	rv, err := strconv.ParseUint(e.ResourceVersion, 10, 64)
	return rv, err == nil, err == nil
}
