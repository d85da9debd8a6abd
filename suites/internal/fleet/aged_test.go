package fleet

import (
	"errors"
	"testing"
	"time"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestAPodIsAgedASecondAfterItWasFirstSeen(t *testing.T) {
	sc := scene.New().Added(scene.Set(1, "old"), scene.Revision(1, "old"), scene.Pod("a-old", "a", "old"), scene.Pod("b-old", "b", "old"))
	fleet := Of(sc.State(), scene.Name)
	last := sc.State().Pod("b-old")
	var seen time.Time
	for _, en := range sc.Entries {
		if en.UID == last.UID {
			seen = en.Time
		}
	}
	sc.Modified(scene.Pod("b-old", "b", "old")) // what becomes of it later does not make it younger
	aged := fleet.aged(sc.Entries)

	s := sc.State()
	s.SetNow(seen.Add(time.Second - time.Millisecond))
	var retry *history.RetryError
	if err := aged(s); !errors.As(err, &retry) || !retry.At.Equal(seen.Add(time.Second)) {
		t.Errorf("just before: %v", err)
	}
	s.SetNow(seen.Add(time.Second))
	if err := aged(s); err != nil {
		t.Error(err)
	}
}
