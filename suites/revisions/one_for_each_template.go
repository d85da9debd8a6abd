package revisions

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func oneForEachTemplate() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-005",
		Area:      framework.Revisions,
		Title:     "each new template makes one revision",
		Behaviour: "Each distinct new template MUST make exactly one ControllerRevision, numbered one above the highest of the others, and MUST leave the others as they are.",
		Clauses:   []string{docUnderstand, sourceHistory},
		Level:     framework.Extended,
		Why: "Users pick a revision by its number, so numbers must rise by one and belong to one template for good. " +
			"A controller that makes two, or renumbers old ones, sends a rollback to the wrong template.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e)))
			var made []types.UID
			short := map[types.UID]bool{}
			for number := int64(1); number <= 6; number++ {
				if number > 1 {
					fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template(fmt.Sprint(number))))
				}
				// A controller that has not seen its last revision yet may count the next one
				// short; it mends that when it has.
				var owned []*appsv1.ControllerRevision
				e.BecomesFor(ctx, name, e.Timeouts.Placement, fmt.Sprintf("after template %d there is one revision more, of number %d, and the others are as they were", number, number),
					func(s *history.State) error {
						owned = s.RevisionsOf(s.DaemonSet(name))
						if n := len(owned); n > len(made) && owned[n-1].Revision < number {
							short[owned[n-1].UID] = true
						}
						return exactly(owned, made, number)
					})
				made = append(made, owned[len(owned)-1].UID)
			}
			e.Measure("revisions that were numbered short at first", len(short))
			e.Stays(ctx, "no further revision is made", nil, func(s *history.State) error {
				return exactly(s.RevisionsOf(s.DaemonSet(name)), made[:5], 6)
			})
		},
	}
}

// exactly judges that the revisions are those made before, numbered from 1, and
// one more with the number.
func exactly(owned []*appsv1.ControllerRevision, before []types.UID, number int64) error {
	if len(owned) != len(before)+1 {
		return fmt.Errorf("there are %d ControllerRevisions, not %d", len(owned), len(before)+1)
	}
	for i, uid := range before {
		if owned[i].UID != uid || owned[i].Revision != int64(i)+1 {
			return fmt.Errorf("ControllerRevision %s of number %d stands where the one made for template %d was", owned[i].Name, owned[i].Revision, i+1)
		}
	}
	if last := owned[len(owned)-1]; last.Revision != number {
		return fmt.Errorf("the newest ControllerRevision %s has number %d", last.Name, last.Revision)
	}
	return nil
}
