import type { Command, Option } from "commander";

export type Shell = "bash" | "zsh" | "fish";

/** One command of the tree: its path below the program, its sub-commands and its flags. */
interface Node {
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly Option[];
}

/** Writes a completion script from the command tree itself, so that it cannot lag behind it. Pure. */
export function renderCompletion(program: Command, shell: Shell): string {
  const nodes = collectNodes(program, []);
  switch (shell) {
    case "bash":
      return renderBash(nodes);
    case "zsh":
      return `#compdef relight\nautoload -U +X bashcompinit && bashcompinit\n${renderBash(nodes)}`;
    case "fish":
      return renderFish(nodes);
  }
}

function collectNodes(command: Command, path: readonly string[]): Node[] {
  const visible = command.commands.filter((child) => !(child as unknown as { _hidden?: boolean })._hidden);
  const node: Node = {
    path,
    commands: visible.map((child) => ({ name: child.name(), summary: child.summary() || child.description() })),
    options: command.options.filter((option) => !option.hidden),
  };
  return [node, ...visible.flatMap((child) => collectNodes(child, [...path, child.name()]))];
}

const flagsOf = (option: Option): string[] => [option.short, option.long].filter((flag) => flag !== undefined);

function renderBash(nodes: readonly Node[]): string {
  const cases = nodes.map((node) => {
    const commands = node.commands.map((command) => command.name).join(" ");
    const flags = [...node.options.flatMap(flagsOf), "--help"].join(" ");
    return `    "${node.path.join(" ")}") commands="${commands}" flags="${flags}" ;;`;
  });
  const paths = nodes.filter((node) => node.path.length > 0).map((node) => `"${node.path.join(" ")}"`);
  // Where there is no answer, names of files are completed: backups, credentials, configurations.
  return `_relight() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word candidate commands flags index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    candidate="\${path:+$path }$word"
    case "$candidate" in
      ${paths.join("|")}) path="$candidate" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  fi
}
complete -o default -F _relight relight
`;
}

function renderFish(nodes: readonly Node[]): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = ["complete -c relight -f"];
  for (const node of nodes) {
    const seen = node.path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const notDeeper =
      node.commands.length > 0 ? [`not __fish_seen_subcommand_from ${node.commands.map((c) => c.name).join(" ")}`] : [];
    const condition = quote([...seen, ...notDeeper].join("; and ") || "true");
    for (const command of node.commands) {
      lines.push(`complete -c relight -n ${condition} -a ${command.name} -d ${quote(command.summary)}`);
    }
    for (const option of node.options) {
      const names = [option.short && `-s ${option.short.slice(1)}`, option.long && `-l ${option.long.slice(2)}`].filter(
        Boolean,
      );
      const value = option.required || option.optional ? " -r" : "";
      lines.push(`complete -c relight -n ${condition} ${names.join(" ")}${value} -d ${quote(option.description)}`);
    }
    // Backups are directories, so commands with arguments complete files.
    if (node.path.length > 1) lines.push(`complete -c relight -n ${condition} -F`);
  }
  return `${lines.join("\n")}\n`;
}
