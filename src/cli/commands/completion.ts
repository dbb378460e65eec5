import { Argument, type Command } from "commander";
import { renderCompletion, type Shell } from "../output/completion-script.ts";

export function registerCompletion(program: Command): void {
  program
    .command("completion")
    .summary("print a completion script for a shell")
    .description("Prints a script that teaches a shell to complete relight's commands and flags.")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  source <(relight completion bash)\n" +
        "  relight completion zsh > ~/.zfunc/_relight\n" +
        "  relight completion fish > ~/.config/fish/completions/relight.fish\n",
    )
    .action((shell: Shell) => {
      process.stdout.write(renderCompletion(program, shell));
    });
}
