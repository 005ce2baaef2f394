package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

// judge follows what an informer tells its handlers and finds what cannot be.
type judge struct {
	lock   sync.Mutex
	plural string
	known  map[string]uint64
	faults []string
	events int
}

func (j *judge) see(what string, object any) {
	if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	one, err := meta.Accessor(object)
	j.lock.Lock()
	defer j.lock.Unlock()
	j.events++
	if err != nil {
		j.faults = append(j.faults, err.Error())
		return
	}
	key := one.GetNamespace() + "/" + one.GetName()
	rv, err := strconv.ParseUint(one.GetResourceVersion(), 10, 64)
	last, known := j.known[key]
	fault := ""
	switch {
	case err != nil:
		fault = "a version that is no number"
	case what == "add" && known:
		fault = "added twice"
	case what == "update" && !known:
		fault = "updated before it was added"
	case what == "update" && rv < last:
		fault = "went back"
	case what == "delete" && !known:
		fault = "deleted twice"
	}
	if fault != "" {
		j.faults = append(j.faults, fmt.Sprintf("%s %s: %s (%d after %d)", j.plural, key, fault, rv, last))
	}
	if what == "delete" {
		delete(j.known, key)
	} else {
		j.known[key] = rv
	}
}

// kept is one cache.
type kept struct {
	informer cache.SharedIndexInformer
	judge    *judge
}

// start runs an informer for each resource.
func start(ctx context.Context, o options) ([]kept, error) {
	full, err := dynamic.NewForConfig(o.config)
	if err != nil {
		return nil, err
	}
	light, err := metadata.NewForConfig(o.config)
	if err != nil {
		return nil, err
	}
	var all []kept
	for _, resource := range o.resources {
		informer := informerOf(o.metadata, full, light, resource)
		j := &judge{plural: resource.Resource, known: map[string]uint64{}}
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(object any) { j.see("add", object) },
			UpdateFunc: func(_, object any) { j.see("update", object) },
			DeleteFunc: func(object any) { j.see("delete", object) },
		})
		if err != nil {
			return nil, err
		}
		all = append(all, kept{informer, j})
		go informer.RunWithContext(ctx)
	}
	return all, nil
}

func informerOf(light bool, full dynamic.Interface, meta metadata.Interface, resource schema.GroupVersionResource) cache.SharedIndexInformer {
	if light {
		return metadatainformer.NewFilteredMetadataInformer(meta, resource, metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer()
	}
	return dynamicinformer.NewFilteredDynamicInformer(full, resource, metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer()
}

// keep runs informers until its input ends. "dump NAME" on the input waits for
// the object of that name in every cache, and prints all caches.
func keep(ctx context.Context, o options) error {
	all, err := start(ctx, o)
	if err != nil {
		return err
	}
	for _, one := range all {
		if !cache.WaitForCacheSync(ctx.Done(), one.informer.HasSynced) {
			return fmt.Errorf("%s: no sync", one.judge.plural)
		}
	}
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(out, "synced")
	out.Flush()
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		marker, ok := strings.CutPrefix(input.Text(), "dump ")
		if !ok {
			return fmt.Errorf("what is %q?", input.Text())
		}
		for _, one := range all {
			dump(out, one, marker)
		}
		fmt.Fprintln(out, "done")
		out.Flush()
	}
	return input.Err()
}

func dump(out *bufio.Writer, one kept, marker string) {
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if holds(one, marker) {
			break
		}
		if time.Since(begun) > 2*time.Minute {
			fmt.Fprintf(out, "fault %s: %s never came\n", one.judge.plural, marker)
			break
		}
	}
	var lines []string
	for _, object := range one.informer.GetStore().List() {
		line, err := json.Marshal(object)
		if err != nil {
			line = []byte(err.Error())
		}
		lines = append(lines, string(line))
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Fprintf(out, "object %s %s\n", one.judge.plural, line)
	}
	one.judge.lock.Lock()
	defer one.judge.lock.Unlock()
	for _, fault := range one.judge.faults {
		fmt.Fprintln(out, "fault", fault)
	}
	fmt.Fprintf(out, "events %s %d\n", one.judge.plural, one.judge.events)
}

// holds says whether the object came, to the handlers, too.
func holds(one kept, marker string) bool {
	one.judge.lock.Lock()
	defer one.judge.lock.Unlock()
	for key := range one.judge.known {
		if strings.HasSuffix(key, "/"+marker) {
			return true
		}
	}
	return false
}
