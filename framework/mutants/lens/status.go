package lens

import (
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// Status has the controller write every status as change leaves it, and take
// what it then reads for what it meant, so that it is content with it.
func Status(s *rig.Setup, change func(*appsv1.DaemonSet)) {
	var mu sync.Mutex
	type pair struct{ written, meant appsv1.DaemonSetStatus }
	last := map[types.UID]pair{}
	s.Wire.OnWrite("update", "daemonsets/status", wire.Rewrite(func(ds *appsv1.DaemonSet) {
		p := pair{meant: *ds.Status.DeepCopy()}
		change(ds)
		p.written = *ds.Status.DeepCopy()
		mu.Lock()
		defer mu.Unlock()
		last[ds.UID] = p
	}))
	s.Wire.DaemonSets.See(func(ds *appsv1.DaemonSet) bool {
		mu.Lock()
		p, ok := last[ds.UID]
		mu.Unlock()
		p.written.Conditions, p.written.CollisionCount = ds.Status.Conditions, ds.Status.CollisionCount
		if ok && equality.Semantic.DeepEqual(ds.Status, p.written) {
			p.meant.Conditions, p.meant.CollisionCount = ds.Status.Conditions, ds.Status.CollisionCount
			ds.Status = p.meant
		}
		return true
	})
}

// Unwritten has the controller take every status of which which is true for
// written, and see it as if it were; nobody else does.
func Unwritten(s *rig.Setup, which func(*appsv1.DaemonSet) bool) {
	var mu sync.Mutex
	meant := map[types.UID]appsv1.DaemonSetStatus{}
	s.Wire.OnWrite("update", "daemonsets/status", wire.Judge(func(r *wire.Request, ds *appsv1.DaemonSet) *wire.Answer {
		mu.Lock()
		defer mu.Unlock()
		if !which(ds) {
			delete(meant, ds.UID)
			return nil
		}
		meant[ds.UID] = *ds.Status.DeepCopy()
		// It sees what it wrote by the next change of the DaemonSet, or by this one.
		if stored := s.Wire.DaemonSets.Stored(ds.Namespace, ds.Name); stored != nil {
			go s.Wire.DaemonSets.Retell(stored)
		}
		return wire.Pretend(r)
	}))
	s.Wire.DaemonSets.See(func(ds *appsv1.DaemonSet) bool {
		mu.Lock()
		defer mu.Unlock()
		if m, ok := meant[ds.UID]; ok {
			conditions, collisions := ds.Status.Conditions, ds.Status.CollisionCount
			ds.Status = *m.DeepCopy()
			ds.Status.Conditions, ds.Status.CollisionCount = conditions, collisions
		}
		return true
	})
}
