using System.CommandLine;
using System.Text;
using System.Text.Json;
using RufusIngest.Readers;
using Spectre.Console;

namespace RufusIngest.Tool;

/// <summary><c>protocols</c>: the names that <c>--protocol</c> and <c>--reader</c> take.</summary>
static class ProtocolsCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<bool> json = CommonOptions.Json("A JSON array of objects with name and description.");
        Command command = new("protocols", "List the protocols of readers and files.") { json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(json))
                WriteJson(terminal.Output);
            else
                WriteTable(terminal.Console);
            return ExitCode.Done;
        });
        return command;
    }

    static void WriteTable(IAnsiConsole console)
    {
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn("Protocol");
        table.AddColumn("Spoken by");
        foreach (ReaderProtocol protocol in ReaderProtocol.All)
            table.AddRow(Markup.Escape(protocol.Name), Markup.Escape(protocol.Description));
        console.Write(table);
    }

    static void WriteJson(TextWriter output)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartArray();
            foreach (ReaderProtocol protocol in ReaderProtocol.All)
            {
                writer.WriteStartObject();
                writer.WriteString("name", protocol.Name);
                writer.WriteString("description", protocol.Description);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        output.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }
}
