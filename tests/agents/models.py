"""Models on loopback: each provider's wire format, playing a script that stands in the prompt.

A prompt holds a line `play: [STEP, …]`, a JSON list of texts. Each turn of the model plays one step: how many it has
played follows from the conversation that the program sends, so the server remembers nothing.

    write PATH TEXT   its tool that writes a file          say TEXT     ends the turn
    run COMMAND       its tool that runs a command         hang         never answers
    ask QUESTION      its tool that asks the user          cut          ends the connection in the middle
    status CODE TEXT  an error of the provider
"""

import json
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PLAY = re.compile(r"play: (\[.*?\])\s*$", re.MULTILINE)
READ = re.compile(r"Read your task from the file (\S+) and carry it out")


def plain(content):
    """The text of a message, whatever it is made of."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(plain(part) for part in content)
    if isinstance(content, dict):
        for key in ("text", "content", "output", "response", "functionResponse", "parts"):
            if key in content:
                return plain(content[key])
    return ""


def unquoted(text):
    """Tools show a file with line numbers, or as JSON; a script is found all the same."""
    return text if PLAY.search(text) else text.replace('\\"', '"').replace("\\n", "\n")


def next_step(messages):
    """`messages`: (role, text) in order, role "model" for the model's own. The step to play now."""
    for at in range(len(messages) - 1, -1, -1):
        role, text = messages[at]
        found = [] if role == "model" else PLAY.findall(unquoted(text))
        if found:
            try:
                script = json.loads(found[-1])
            except ValueError:
                continue
            # A turn of the model may be several entries: text, then tools. What comes between others is one.
            played, before = 0, "user"
            for who, _ in messages[at + 1 :]:
                played += who == "model" and before != "model"
                before = who
            return script[played] if played < len(script) else "say The end."
    for role, text in messages:
        found = READ.search(text) if role != "model" else None
        if found:
            return f"read {found.group(1)}"
    return "say There is nothing to play."


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(200, {})

    def do_GET(self):
        if self.path.rstrip("/").endswith("/models"):
            return self.answer(200, {"object": "list", "data": [{"id": "play", "object": "model"}], "models": []})
        return self.answer(404, {"error": {"message": "not here"}})

    def do_POST(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            request = json.loads(body)
        except ValueError:
            request = {}
        path = self.path.split("?")[0]
        for end, speak in SPEAKERS:
            if path.endswith(end):
                try:
                    return speak(self, request, path)
                except (BrokenPipeError, ConnectionResetError):
                    return None
        return self.answer(404, {"error": {"message": f"not here: {path}"}})

    def answer(self, code, value):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def stream(self, events):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
            text = event if isinstance(event, str) else json.dumps(event)
            self.wfile.write(f"{name}data: {text}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def heard(self, wire, messages, tools):
        """Writes down what came, and gives the step to play."""
        step = next_step(messages) if tools else "say Fine."
        said = [text for role, text in messages if role != "model"]
        line = {"at": time.time(), "wire": wire, "tools": sorted(tools), "step": step, "messages": messages, "last": said[-1:]}
        with self.server.lock, open(self.server.log, "a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        if step == "hang":
            # Until the program gives up, or the tests are over.
            self.connection.settimeout(600)
            try:
                self.connection.recv(1)
            except OSError:
                pass
            self.close_connection = True
            return None
        if step == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"event: ")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return None
        return step


def call_of(step, tools):
    """The tool and its input for a step, of the tools that the program has; or a text."""
    verb, _, rest = step.partition(" ")
    has = lambda *names: next((name for name in names if name in tools), None)
    if verb == "run":
        for name in ("Bash", "bash", "run_shell_command", "exec_command", "shell_command", "shell", "local_shell"):
            if name in tools:
                command = ["bash", "-lc", rest] if name == "shell" else rest
                key = "cmd" if name == "exec_command" else "command"
                return name, {key: command, "description": "what the script says"} if name in ("Bash", "bash", "run_shell_command") else {key: command}
    if verb == "read":
        name = has("Read", "read_file", "read")
        if name:
            key = {"Read": "file_path", "read_file": "file_path", "read": "filePath"}[name]
            return name, {key: rest}
        return call_of(f"run cat {rest}", tools)
    if verb == "write":
        path, _, text = rest.partition(" ")
        name = has("Write", "write_file", "write")
        if name:
            key = "filePath" if name == "write" else "file_path"
            return name, {key: path, "content": text + "\n"}
        return call_of(f"run printf '%s\\n' '{text}' > {path}", tools)
    if verb == "ask":
        name = has("AskUserQuestion", "ask_user", "question", "request_user_input")
        options = [{"label": "red", "description": "as it is"}, {"label": "blue", "description": "otherwise"}]
        if name:
            question = {"question": rest, "header": "Colour", "options": options, "id": "q1"}
            if name == "AskUserQuestion":
                question["multiSelect"] = False
            if name == "ask_user":
                question["type"] = "choice"
            return name, {"questions": [question]}
    if verb == "say":
        return None, rest
    return None, f"I can't {step}."


def status_of(step):
    found = re.match(r"status (\d+) ?(.*)", step, re.DOTALL)
    return (int(found.group(1)), found.group(2) or "an error") if found else None


# Anthropic: POST /v1/messages.


def anthropic(self, request, path):
    if path.endswith("count_tokens"):
        return self.answer(200, {"input_tokens": 10})
    messages = [("model" if m["role"] == "assistant" else "user", plain(m["content"])) for m in request.get("messages", [])]
    tools = {tool.get("name") for tool in request.get("tools", [])}
    step = self.heard("anthropic", messages, tools)
    if step is None:
        return None
    error = status_of(step)
    if error:
        kinds = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}
        return self.answer(error[0], {"type": "error", "error": {"type": kinds.get(error[0], "api_error"), "message": error[1]}})
    name, given = call_of(step, tools)
    block = {"type": "text", "text": given} if name is None else {"type": "tool_use", "id": f"toolu_{time.time_ns()}", "name": name, "input": given}
    reason = "end_turn" if name is None else "tool_use"
    message = {"id": f"msg_{time.time_ns()}", "type": "message", "role": "assistant", "model": request.get("model", "play"),
               "usage": {"input_tokens": 10, "output_tokens": 10}, "stop_sequence": None}
    if not request.get("stream"):
        return self.answer(200, {**message, "content": [block], "stop_reason": reason})
    if name is None:
        first, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": given}
    else:
        first, delta = {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(given)}
    return self.stream([
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": first},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 10}},
        {"type": "message_stop"},
    ])


# OpenAI: POST /v1/responses (Codex), POST /v1/chat/completions (OpenCode, aider).


def responses(self, request, _):
    messages = []
    for item in request.get("input", []):
        kind = item.get("type", "message")
        if kind == "message":
            messages.append(("model" if item.get("role") == "assistant" else "user", plain(item.get("content"))))
        elif kind.endswith("_output"):
            messages.append(("tool", plain(item.get("output"))))
        else:
            messages.append(("model", ""))
    tools = {tool.get("name") or tool.get("type") for tool in request.get("tools", [])}
    step = self.heard("responses", messages, tools)
    if step is None:
        return None
    error = status_of(step)
    if error:
        kinds = {429: "usage_limit_reached" if "limit" in error[1] else "rate_limit_exceeded"}
        detail = {"type": kinds.get(error[0], "error"), "message": error[1], "code": kinds.get(error[0])}
        if "resets" in error[1]:
            detail.update(plan_type="plus", resets_at=int(time.time()) + 7200)
        return self.answer(error[0], {"error": detail})
    name, given = call_of(step, tools)
    if name is None:
        item = {"type": "message", "role": "assistant", "id": "m1", "content": [{"type": "output_text", "text": given}]}
    else:
        item = {"type": "function_call", "call_id": f"call_{time.time_ns()}", "name": name, "arguments": json.dumps(given)}
    usage = {"input_tokens": 1, "input_tokens_details": None, "output_tokens": 1, "output_tokens_details": None, "total_tokens": 2}
    return self.stream([
        {"type": "response.created", "response": {"id": "r1"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": "r1", "usage": usage}},
    ])


def blocks(step):
    """A step as aider's model writes it: edits and commands are text."""
    verb, _, rest = step.partition(" ")
    if verb == "write":
        path, _, text = rest.partition(" ")
        return f"{path}\n```\n{text}\n```\n"
    if verb == "run":
        return f"```bash\n{rest}\n```\n"
    return rest if verb == "say" else step


def chat(self, request, _):
    messages = [("model" if m["role"] == "assistant" else m["role"], plain(m.get("content"))) for m in request.get("messages", [])]
    messages = [message for message in messages if message[0] not in ("system", "developer")]
    tools = {tool["function"]["name"] for tool in request.get("tools", [])}
    # aider has no tools, and goes on by itself only where its model's answer asks for it.
    step = self.heard("chat", messages, tools or {"aider"} if self.server.tells(request) else tools)
    if step is None:
        return None
    error = status_of(step)
    if error:
        return self.answer(error[0], {"error": {"message": error[1], "type": "error", "code": str(error[0])}})
    if tools:
        name, given = call_of(step, tools)
    else:
        name, given = None, blocks(step)
    if name is None:
        said, reason = {"content": given}, "stop"
    else:
        call = {"index": 0, "id": f"call_{time.time_ns()}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        said, reason = {"tool_calls": [call]}, "tool_calls"
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    head = {"id": "c1", "created": 1, "model": request.get("model", "play")}
    if not request.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", "content": None, **said}, "finish_reason": reason}
        return self.answer(200, {**head, "object": "chat.completion", "choices": [choice], "usage": usage})
    part = lambda delta, end=None: {**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
    return self.stream([part({"role": "assistant", **said}), {**part({}, reason), "usage": usage}, "[DONE]"])


# Google: POST /v1beta/models/NAME:streamGenerateContent.


def google(self, request, path):
    messages = []
    for content in request.get("contents", []):
        parts = content.get("parts", [])
        text = "\n".join(plain(p.get("text") or json.dumps(p.get("functionResponse", {}).get("response", ""))) for p in parts)
        messages.append(("model" if content.get("role") == "model" else "user", text))
    declared = [d for tool in request.get("tools", []) for d in tool.get("functionDeclarations", [])]
    tools = {d["name"] for d in declared}
    step = self.heard("google", messages, tools)
    if step is None:
        return None
    error = status_of(step)
    if error:
        names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
        return self.answer(error[0], {"error": {"code": error[0], "message": error[1], "status": names.get(error[0], "INTERNAL")}})
    name, given = call_of(step, tools)
    # Questions of its own kind where something without tools is asked for: which model is to answer, say.
    if not tools and "responseJsonSchema" in json.dumps(request.get("generationConfig", {})):
        given = json.dumps({"complexity_reasoning": "x", "complexity_score": 1, "reasoning": "x", "model_choice": "flash", "next_speaker": "user"})
    part = {"text": given} if name is None else {"functionCall": {"name": name, "args": given}}
    reply = {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
             "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}}
    if path.endswith(":streamGenerateContent"):
        return self.stream([reply])
    return self.answer(200, reply)


SPEAKERS = [
    ("/messages/count_tokens", anthropic),
    ("/messages", anthropic),
    ("/responses", responses),
    ("/chat/completions", chat),
    (":streamGenerateContent", google),
    (":generateContent", google),
    (":countTokens", lambda self, *_: self.answer(200, {"totalTokens": 10})),
]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, log):
        super().__init__(("127.0.0.1", 0), Handler)
        self.log, self.lock = log, threading.Lock()

    @staticmethod
    def tells(request):
        """Whether a request without tools is a turn: aider's are, a title's is not."""
        return "aider" in request.get("model", "") or "SEARCH/REPLACE" in json.dumps(request) or "*file listing*" in json.dumps(request)


def start(log):
    server = Server(log)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
