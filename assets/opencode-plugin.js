// ganger: tells the board what this agent does. Written by `ganger agents install-hooks opencode`; it does nothing
// outside an attempt of ganger's, and `ganger agents uninstall-hooks opencode` takes it away.
import { spawn } from "node:child_process"

const TOLD = new Set([
  "session.created",
  "session.status",
  "session.idle",
  "session.error",
  "permission.asked",
  "permission.updated",
  "permission.replied",
  "question.asked",
  "question.replied",
  "question.rejected",
])

// Nobody waits longer than this for one report.
const PATIENCE = 10_000

const report = (bin, text) =>
  new Promise((resolve) => {
    const child = spawn(bin, ["__hook", "opencode"], { detached: true, stdio: ["pipe", "ignore", "ignore"] })
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE)
    late.unref?.()
    const over = () => {
      clearTimeout(late)
      resolve()
    }
    child.on("error", over)
    child.on("exit", over)
    child.stdin.on("error", () => {})
    child.stdin.end(text)
    child.unref()
  })

export const Ganger = async () => {
  const bin = process.env.GANGER_BIN
  if (!bin) return {}

  const children = new Set()
  let before = ""
  // One after the other: what was said last has to arrive last.
  let queue = Promise.resolve()

  const told = ({ type, properties = {} }) => {
    if (!TOLD.has(type)) return null
    if (type === "session.created" && properties.info?.parentID) {
      children.add(properties.info.id)
      return null
    }
    if (!children.has(properties.sessionID)) return { type, properties }
    // A subagent that has finished says nothing about the agent; one that asks holds it up.
    if (type.startsWith("session.")) return null
    return { type, properties: { ...properties, sessionID: undefined } }
  }

  return {
    event: async ({ event }) => {
      try {
        const wanted = told(event)
        if (!wanted) return
        const text = JSON.stringify(wanted)
        if (text === before) return
        before = text
        queue = queue.then(() => report(bin, text)).catch(() => {})
      } catch {
        // An agent never stops because of its board.
      }
    },
  }
}
