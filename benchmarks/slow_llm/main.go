// A model server that needs a given time to start and then answers at once: what is left is the delay of whoever waits.
//
//	slow_llm serve 5s    prints the Unix time in nanoseconds at which it began to listen
//	slow_llm check       the container's health check: does it list a model?
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

const address = ":8000"

func main() {
	if os.Args[1] == "check" {
		check()
		return
	}
	delay, err := time.ParseDuration(os.Args[2])
	if err != nil {
		panic(err)
	}
	time.Sleep(delay)
	http.HandleFunc("/v1/models", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"object":"list","data":[{"id":"slow","object":"model"}]}`)
	})
	http.HandleFunc("/v1/chat/completions", stream)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	fmt.Println(time.Now().UnixNano())
	panic(http.Serve(listener, nil))
}

func check() {
	answer, err := http.Get("http://127.0.0.1" + address + "/v1/models")
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
