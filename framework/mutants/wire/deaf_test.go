package wire

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestDeafClientsDoNotLearnThatAWatchBrokeOff breaks off a watch, which the
// client of another view notices and that of a deaf one does not.
func TestDeafClientsDoNotLearnThatAWatchBrokeOff(t *testing.T) {
	t.Parallel()
	for _, deaf := range []bool{false, true} {
		hooks := New()
		if deaf {
			hooks.Pods.Deaf()
		}
		s, client := start(t, hooks)
		w, err := client.CoreV1().Pods("a").Watch(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.events <- watchEvent{"ADDED", pod("one", "1", nil)}
		<-w.ResultChan()
		close(s.events)
		if deaf {
			// That nothing comes can only be seen by waiting a little.
			select {
			case e := <-w.ResultChan():
				t.Errorf("a deaf client learned of %v", e)
			case <-time.After(100 * time.Millisecond):
			}
			// Whether client-go tells of our own stop as an error is its affair.
			w.Stop()
			continue
		}
		if e, more := <-w.ResultChan(); more {
			t.Errorf("deaf: %v; the watch did not end, but told of %v", deaf, e)
		}
	}
}
