"""The programs: how each is told where its model is, and what it trusts beforehand."""

import json
import os


class Program:
    name = ""
    headless_only = False
    quit_with = "/exit"

    def prepare(self, world, port, trusted):
        raise NotImplementedError


class Claude(Program):
    name = "claude"

    def prepare(self, world, port, trusted):
        key = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz"
        world.env.update(ANTHROPIC_BASE_URL=f"http://127.0.0.1:{port}", ANTHROPIC_API_KEY=key,
                         CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1", CLAUDE_CODE_MAX_RETRIES="2")
        state = {"hasCompletedOnboarding": True, "theme": "dark", "customApiKeyResponses": {"approved": [key[-20:]], "rejected": []}}
        if trusted:
            # The folder above the worktrees.
            state["projects"] = {world.path("data/ganger/worktrees"): {"hasTrustDialogAccepted": True}}
        world.write("home/.claude.json", json.dumps(state))
        world.write("home/.claude/settings.json", json.dumps({"skipDangerousModePermissionPrompt": True}))


class Codex(Program):
    name = "codex"
    quit_with = "/quit"

    def prepare(self, world, port, trusted):
        world.env.update(PLAY_KEY="x")
        text = (f'model = "gpt-5.1-codex"\nmodel_provider = "play"\ncheck_for_update_on_startup = false\n'
                f'[model_providers.play]\nname = "play"\nbase_url = "http://127.0.0.1:{port}/v1"\nwire_api = "responses"\n'
                'env_key = "PLAY_KEY"\nrequest_max_retries = 1\nstream_max_retries = 1\n')
        if trusted:
            text += f'[projects."{world.path("repo")}"]\ntrust_level = "trusted"\n'
        world.write("home/.codex/config.toml", text)


class OpenCode(Program):
    name = "opencode"

    def prepare(self, world, port, trusted):
        config = {"$schema": "https://opencode.ai/config.json", "model": "play/play", "small_model": "play/play", "autoupdate": False, "share": "disabled",
                  "provider": {"play": {"npm": "@ai-sdk/openai-compatible", "name": "play",
                                        "options": {"baseURL": f"http://127.0.0.1:{port}/v1", "apiKey": "x"},
                                        "models": {"play": {"name": "play", "limit": {"context": 200000, "output": 8000}}}}}}
        world.write("config/opencode/opencode.json", json.dumps(config))
        world.env.update(OPENCODE_DISABLE_AUTOUPDATE="1", OPENCODE_DISABLE_MODELS_FETCH="1", OPENCODE_DISABLE_LSP_DOWNLOAD="1")


class Gemini(Program):
    name = "gemini"
    quit_with = "/quit"

    def prepare(self, world, port, trusted):
        world.env.update(GEMINI_API_KEY="x", GOOGLE_GEMINI_BASE_URL=f"http://127.0.0.1:{port}", GEMINI_TELEMETRY_ENABLED="0")
        settings = {"security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": True}},
                    "general": {"enableAutoUpdate": False}, "privacy": {"usageStatisticsEnabled": False}, "model": {"name": "gemini-2.5-pro"}}
        world.write("home/.gemini/settings.json", json.dumps(settings))
        if trusted:
            world.write("home/.gemini/trustedFolders.json", json.dumps({world.path("data/ganger/worktrees"): "TRUST_FOLDER"}))


class Aider(Program):
    name = "aider"
    headless_only = True

    def prepare(self, world, port, trusted):
        world.env.update(OPENAI_API_BASE=f"http://127.0.0.1:{port}/v1", OPENAI_API_KEY="x", AIDER_MODEL="openai/aider-play",
                         AIDER_EDIT_FORMAT="whole", AIDER_ANALYTICS_DISABLE="1", AIDER_CHECK_UPDATE="0", AIDER_SHOW_MODEL_WARNINGS="0",
                         AIDER_SHOW_RELEASE_NOTES="0", AIDER_MAP_TOKENS="0", LITELLM_LOCAL_MODEL_COST_MAP="True")


PROGRAMS = {program.name: program for program in (Claude(), Codex(), OpenCode(), Gemini(), Aider())}
