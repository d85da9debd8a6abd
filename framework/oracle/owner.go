package oracle

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// OwnedBy holds when the owner references are exactly one: the DaemonSet's, as
// controller, blocking its foreground deletion. (DS-OWN-001)
func OwnedBy(refs []metav1.OwnerReference, ds *appsv1.DaemonSet) error {
	if len(refs) != 1 {
		return fmt.Errorf("it has %d owner references, must have one", len(refs))
	}
	r := refs[0]
	yes := func(b *bool) bool { return b != nil && *b }
	var wrong complaints
	if want := appsv1.SchemeGroupVersion.String(); r.APIVersion != want || r.Kind != "DaemonSet" {
		wrong.add("it names a %s %s, must be a %s DaemonSet", r.APIVersion, r.Kind, want)
	}
	if r.Name != ds.Name || r.UID != ds.UID {
		wrong.add("it names %s (UID %s), must be %s (UID %s)", r.Name, r.UID, ds.Name, ds.UID)
	}
	if !yes(r.Controller) {
		wrong.add("controller is not true")
	}
	if !yes(r.BlockOwnerDeletion) {
		wrong.add("blockOwnerDeletion is not true")
	}
	return wrong.err("its owner reference is wrong")
}
