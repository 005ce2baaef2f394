package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand"
	"os"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// kinds that are written; each with a spec in which a counter can hide.
var kinds = map[string]string{
	"workloadconfigurationscansummaries": "WorkloadConfigurationScanSummary",
	"applicationprofiles":                "ApplicationProfile",
	"networkneighborses":                 "NetworkNeighbors",
	"knownservers":                       "KnownServer",
	"vulnerabilitymanifestsummaries":     "VulnerabilityManifestSummary",
}

func spec(plural string, n int) any {
	text := fmt.Sprint(n)
	switch plural {
	case "workloadconfigurationscansummaries":
		return map[string]any{"severities": map[string]any{"critical": int64(n), "high": int64(1)}}
	case "applicationprofiles":
		return map[string]any{"containers": []any{map[string]any{"name": "c", "syscalls": []any{"read", text}}}}
	case "networkneighborses":
		return map[string]any{"matchLabels": map[string]any{"n": text}}
	case "knownservers":
		return []any{map[string]any{"ipBlock": "10.0.0.0/8", "name": text, "server": "s"}}
	}
	return map[string]any{"vulnerabilitiesRef": map[string]any{"all": map[string]any{"name": text}}}
}

type writer struct {
	client dynamic.Interface
	random *rand.Rand
	o      options
	id     int
	say    func(string, ...any)
	count  int
}

// churn creates, changes and deletes objects and prints each acknowledged write
// as "wrote KIND PLURAL NAMESPACE/NAME RV" and each without an answer as
// "maybe PLURAL NAMESPACE/NAME".
func churn(ctx context.Context, o options) error {
	client, err := dynamic.NewForConfig(o.config)
	if err != nil {
		return err
	}
	var lock sync.Mutex
	out := bufio.NewWriter(os.Stdout)
	say := func(format string, values ...any) {
		lock.Lock()
		defer lock.Unlock()
		fmt.Fprintf(out, format+"\n", values...)
	}
	ctx, cancel := context.WithTimeout(ctx, o.duration)
	defer cancel()
	var group sync.WaitGroup
	for id := range o.writers {
		group.Add(1)
		go func() {
			defer group.Done()
			w := writer{client, rand.New(rand.NewSource(int64(id))), o, id, say, 0}
			for ctx.Err() == nil {
				w.step()
			}
		}()
	}
	group.Wait()
	say("done")
	return out.Flush()
}

// unique makes every write change something, also after an earlier run over the
// same objects: a write that changes nothing has no version of its own.
func (w *writer) unique() string {
	return fmt.Sprintf("%d-%d", began, w.count)
}

var began = time.Now().UnixNano()

// step makes one write. Every writer has names of its own, so that none runs
// into another's versions.
func (w *writer) step() {
	w.count++
	resource := w.o.resources[w.random.Intn(len(w.o.resources))]
	namespace := fmt.Sprintf("churn-%d", w.random.Intn(w.o.namespaces))
	if resource.Resource == "knownservers" {
		namespace = ""
	}
	name := fmt.Sprintf("w%d-%d", w.id, w.random.Intn(40))
	// Each write has its own time: the churn ends between two of them.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	what, rv, err := w.write(ctx, resource, namespace, name)
	switch {
	case err == nil && what != "":
		w.say("wrote %s %s %s/%s %s", what, resource.Resource, namespace, name, rv)
	case err == nil, apierrors.IsNotFound(err), apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
		// Refused, which is an answer.
	default:
		w.say("maybe %s %s/%s %v", resource.Resource, namespace, name, err)
		time.Sleep(50 * time.Millisecond)
	}
}

func (w *writer) write(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) (string, string, error) {
	client := w.client.Resource(resource).Namespace(namespace)
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group + "/" + version,
		"kind":       kinds[resource.Resource],
		"metadata": map[string]any{
			"name":        name,
			"labels":      map[string]any{"writer": fmt.Sprint(w.id)},
			"annotations": map[string]any{"n": w.unique()},
		},
		"spec":       spec(resource.Resource, w.count),
	}}
	switch w.random.Intn(6) {
	case 0:
		// The answer has no version: it is known by its event only.
		err := client.Delete(ctx, name, metav1.DeleteOptions{})
		return "DELETED", "?", err
	case 1, 2:
		patch := fmt.Sprintf(`{"metadata":{"annotations":{"n":%q}}}`, w.unique())
		done, err := client.Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		return "MODIFIED", rv(done), err
	}
	old, err := client.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		done, err := client.Create(ctx, object, metav1.CreateOptions{})
		return "ADDED", rv(done), err
	}
	if err != nil {
		// Nothing was written.
		time.Sleep(50 * time.Millisecond)
		return "", "", nil
	}
	object.SetResourceVersion(old.GetResourceVersion())
	done, err := client.Update(ctx, object, metav1.UpdateOptions{})
	return "MODIFIED", rv(done), err
}

func rv(object *unstructured.Unstructured) string {
	if object == nil {
		return ""
	}
	return object.GetResourceVersion()
}
