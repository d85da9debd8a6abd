package invariants

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
)

// Changes is how often one writer has changed one object.
type Changes struct {
	// Kind and Name are the object's.
	Kind history.Kind
	Name string
	// Writer names the managers of the changes, as managedFields do.
	Writer string
	// Count is how many changes there were.
	Count int
	// Last is the time of the last of them.
	Last time.Time
	// OfTheNode says that kubelets and schedulers made them, who are not judged.
	OfTheNode bool
}

// String says it in one line.
func (c Changes) String() string {
	return fmt.Sprintf("%s %s changed %d times, the last at %s by %s", c.Kind, c.Name, c.Count, c.Last.UTC().Format(time.TimeOnly), c.Writer)
}

// Restless tells what has changed in the namespace since then, the most often
// changed first, for who waits for rest in vain.
func Restless(entries []history.Entry, namespace string, since time.Time) []Changes {
	type key struct {
		uid    types.UID
		writer string
	}
	counts := map[key]*Changes{}
	last := map[types.UID]metav1.Object{}
	for _, e := range history.Sorted(entries) {
		if e.Object == nil || e.Namespace != namespace || e.Kind == history.KindEvent {
			continue
		}
		o := metaOf(e)
		before := last[e.UID]
		last[e.UID] = o
		if e.Time.Before(since) {
			continue
		}
		by := history.Writers(before, o)
		var names []string
		for _, m := range by {
			names = append(names, history.WritersText([]metav1.ManagedFieldsEntry{{Manager: m.Manager, Subresource: m.Subresource}}))
		}
		if len(names) == 0 {
			names = []string{history.WritersText(nil)}
		}
		slices.Sort(names)
		k := key{e.UID, strings.Join(names, " and ")}
		if counts[k] == nil {
			counts[k] = &Changes{Kind: e.Kind, Name: e.Name, Writer: k.writer, OfTheNode: ofTheNode(by)}
		}
		counts[k].Count++
		counts[k].Last = e.Time
	}
	out := make([]Changes, 0, len(counts))
	for _, c := range counts {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Changes) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Writer, b.Writer))
	})
	return out
}
