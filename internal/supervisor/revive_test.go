package supervisor

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestRevivalWaitsLongerEachTime(t *testing.T) {
	t.Parallel()
	for inRow, want := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 5: 16 * time.Second, 6: lastRevival, 100: lastRevival,
	} {
		if got := revival(inRow); got != want {
			t.Errorf("after %d crashes in a row: %s, want %s", inRow, got, want)
		}
	}
}

func TestACrashedComponentIsRevived(t *testing.T) {
	t.Parallel()
	frail := script("frail", "echo 'E1124 no luck' >&2; exit 3")
	frail.Revive = true
	frail.Log = t.TempDir() + "/elsewhere.log"
	c, _, _ := supervise(t, frail)
	ctx := t.Context()
	if _, err := c.Do(ctx, "frail", Start); err != nil {
		t.Fatal(err)
	}
	// The second start is nobody's but the supervisor's.
	s, err := c.AwaitEnd(ctx, "frail", 2)
	if err != nil {
		t.Fatal(err)
	}
	if s.Starts < 2 || s.Crashes < 2 || s.Crash != "exit status 3" || s.Log != frail.Log || !strings.Contains(strings.Join(s.Tail, " "), "no luck") {
		t.Errorf("after the second crash: %+v", s)
	}
	if s.State == Ended && s.Again.IsZero() {
		t.Errorf("no third start is planned: %+v", s)
	}
	s, err = c.Do(ctx, "frail", Stop)
	if err != nil || s.State != Ended || !s.Again.IsZero() {
		t.Errorf("one that was stopped is to be started again: %+v, %v", s, err)
	}
}

func TestAFolderOfNoFurtherUseIsRemoved(t *testing.T) {
	t.Parallel()
	folder := t.TempDir() + "/folder"
	p, err := Spawn(t.Context(), self(), folder, Config{Attached: true, Scrap: true})
	if err != nil {
		t.Fatal(err)
	}
	// The command is gone, however it ended.
	if err := p.hold.Close(); err != nil {
		t.Fatal(err)
	}
	p.hold = nil
	p.Wait()
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}

func TestAskedEndsAreNoCrashes(t *testing.T) {
	t.Parallel()
	calmOne := sleeper("a")
	calmOne.Revive = true
	c, _, _ := supervise(t, calmOne)
	if _, err := c.Do(t.Context(), "a", Start); err != nil {
		t.Fatal(err)
	}
	s, err := c.Do(t.Context(), "a", Kill)
	if err != nil || s.Crashes != 0 || !s.Again.IsZero() || !s.Asked {
		t.Errorf("after a kill that was asked for: %+v, %v", s, err)
	}
	if s, err = c.Do(t.Context(), "a", Start); err != nil || s.State != Running || s.Starts != 2 {
		t.Errorf("after the start: %+v, %v", s, err)
	}
}
