package history

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Writers gives who made the last write to an object, as its managedFields tell:
// the managers whose mark is newer than it was before, or else (before may be
// nil) those with the newest mark.
func Writers(before, now metav1.Object) []metav1.ManagedFieldsEntry {
	var out []metav1.ManagedFieldsEntry
	if before != nil {
		for _, m := range now.GetManagedFields() {
			if !slices.ContainsFunc(before.GetManagedFields(), func(o metav1.ManagedFieldsEntry) bool {
				return o.Manager == m.Manager && o.Subresource == m.Subresource && o.Operation == m.Operation && o.Time.Equal(m.Time)
			}) {
				out = append(out, m)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	var newest time.Time
	for _, m := range now.GetManagedFields() {
		if m.Time != nil && m.Time.After(newest) {
			newest = m.Time.Time
		}
	}
	for _, m := range now.GetManagedFields() {
		if m.Time != nil && m.Time.Time.Equal(newest) {
			out = append(out, m)
		}
	}
	return out
}

// WritersText says in words who they are.
func WritersText(by []metav1.ManagedFieldsEntry) string {
	if len(by) == 0 {
		return "an unnamed manager"
	}
	var out []string
	for _, m := range by {
		text := fmt.Sprintf("manager %q", m.Manager)
		if m.Subresource != "" {
			text += " (" + m.Subresource + ")"
		}
		if m.Time != nil {
			text += " at " + m.Time.UTC().Format(time.TimeOnly)
		}
		out = append(out, text)
	}
	return strings.Join(out, " and ")
}
