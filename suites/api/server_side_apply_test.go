package api

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestOwnsNoStatus(t *testing.T) {
	t.Parallel()
	owned := func(manager, raw string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: metav1.NewFieldsV1(raw)}
	}
	ds := &appsv1.DaemonSet{}
	scene.Expect(t, ownsNoStatus(ds), "there are no fields of manager first")
	ds.ManagedFields = []metav1.ManagedFieldsEntry{owned("controller", `{"f:status":{}}`), owned("first", `{"f:spec":{}}`)}
	scene.Expect(t, ownsNoStatus(ds), "")
	ds.ManagedFields = append(ds.ManagedFields[:1], owned("first", `{"f:spec":{},"f:status":{"f:numberReady":{}}}`))
	scene.Expect(t, ownsNoStatus(ds), "manager first owns fields of the status")
}

func TestConflictsOnly(t *testing.T) {
	t.Parallel()
	image := metav1.StatusCause{Type: metav1.CauseTypeFieldManagerConflict, Field: ".image"}
	status := metav1.StatusCause{Type: metav1.CauseTypeFieldManagerConflict, Field: ".status.numberReady"}
	scene.Expect(t, conflictsOnly([]metav1.StatusCause{image}, ".image"), "")
	scene.Expect(t, conflictsOnly([]metav1.StatusCause{image, status}, ".image"), "not one conflict")
	scene.Expect(t, conflictsOnly([]metav1.StatusCause{status}, ".image"), "not one conflict")
	scene.Expect(t, conflictsOnly(nil, ".image"), "not one conflict")
}
