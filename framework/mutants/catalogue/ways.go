package catalogue

import (
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/mutants/lens"
	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// inject is how a defect is put into a setup.
type inject = func(*rig.Setup)

// creating has every pod be made as change leaves it.
func creating(change func(*corev1.Pod)) inject {
	return func(s *rig.Setup) { s.Wire.OnWrite("create", "pods", wire.Rewrite(change)) }
}

// deciding has the controller decide which nodes get a pod by the template as
// change leaves it; what it writes is of the stored one.
func deciding(change func(*corev1.PodTemplateSpec)) inject {
	return func(s *rig.Setup) { lens.Template(s, change) }
}

// taking has the controller take every DaemonSet for what change leaves of it.
// The template is not to be changed: that is what deciding is for.
func taking(change func(*appsv1.DaemonSet)) inject {
	return func(s *rig.Setup) {
		s.Wire.DaemonSets.See(func(ds *appsv1.DaemonSet) bool {
			change(ds)
			return true
		})
	}
}

// seeing has the controller see every pod as change leaves it.
func seeing(change func(*corev1.Pod)) inject {
	return func(s *rig.Setup) {
		s.Wire.Pods.See(func(p *corev1.Pod) bool {
			change(p)
			return true
		})
	}
}

// knowing has the controller see every node as change leaves it.
func knowing(change func(*corev1.Node)) inject {
	return func(s *rig.Setup) {
		s.Wire.Nodes.See(func(n *corev1.Node) bool {
			change(n)
			return true
		})
	}
}

// telling has the controller write every status as change leaves it.
func telling(change func(*appsv1.DaemonSet)) inject {
	return func(s *rig.Setup) { lens.Status(s, change) }
}

// together puts several parts of one defect into a setup.
func together(parts ...inject) inject {
	return func(s *rig.Setup) {
		for _, p := range parts {
			p(s)
		}
	}
}

// names is a set of names that several goroutines may use.
type names struct{ known sync.Map }

func (n *names) add(name string) { n.known.Store(name, true) }

func (n *names) have(name string) bool {
	_, ok := n.known.Load(name)
	return ok
}

// first adds a name, and tells whether it was not there.
func (n *names) first(name string) bool {
	_, before := n.known.LoadOrStore(name, true)
	return !before
}
