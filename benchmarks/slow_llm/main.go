// A model server that needs a given time to start and then answers at once: what is left is the delay of whoever waits.
//
//	slow_llm serve refuses 5s    prints the Unix time in nanoseconds at which it could answer a chat for the first time
//	slow_llm check /v1/models    the container's health check: does that path answer 200?
//
// Until then it behaves like one of the engines (benchmarks/engine_delay.py says which, and how that is known):
//
//	refuses    nobody listens
//	loads      every route answers 503
//	sleeps     all is well, but a chat waits for the weights
//	warms      nobody listens at first; then models are listed, health is 503 and a chat waits
//	proxies    all is well, but a chat answers 503
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

const (
	address      = ":8000"
	warmingShare = 0.7 // of the start-up of an engine that warms goes by before it listens
	notReady     = `{"error":{"message":"Loading model","type":"unavailable_error","code":503}}`
	modelListing = `{"object":"list","data":[{"id":"slow","object":"model"}]}`
)

var ready = make(chan struct{})

func main() {
	if os.Args[1] == "check" {
		check(os.Args[2])
		return
	}
	behaviour := os.Args[2]
	delay, err := time.ParseDuration(os.Args[3])
	if err != nil {
		panic(err)
	}
	silent := map[string]time.Duration{"refuses": delay, "warms": time.Duration(warmingShare * float64(delay))}[behaviour]
	time.Sleep(silent)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	time.AfterFunc(delay-silent, func() {
		close(ready)
		fmt.Println(time.Now().UnixNano())
	})
	panic(http.Serve(listener, routes(behaviour)))
}

func routes(behaviour string) http.Handler {
	loads := behaviour == "loads"
	mux := http.NewServeMux()
	mux.HandleFunc("/health", gated(loads || behaviour == "warms", say("ok")))
	mux.HandleFunc("/v1/models", gated(loads, say(modelListing)))
	mux.HandleFunc("/v1/chat/completions", gated(loads || behaviour == "proxies", func(w http.ResponseWriter, r *http.Request) {
		<-ready
		stream(w, r)
	}))
	return mux
}

// Answers 503 until the server is ready, if it is one that does.
func gated(refuses bool, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-ready:
		default:
			if refuses {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprint(w, notReady)
				return
			}
		}
		answer(w, r)
	}
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func check(path string) {
	answer, err := http.Get("http://127.0.0.1" + address + path)
	if err != nil || answer.StatusCode != http.StatusOK {
		os.Exit(1)
	}
}

func stream(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, choice := range []string{
		`{"index":0,"delta":{"role":"assistant","content":"One"},"finish_reason":null}`,
		`{"index":0,"delta":{"content":" two"},"finish_reason":null}`,
		`{"index":0,"delta":{},"finish_reason":"stop"}`,
	} {
		fmt.Fprintf(w, "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"slow\",\"choices\":[%s]}\n\n", choice)
		w.(http.Flusher).Flush()
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}
