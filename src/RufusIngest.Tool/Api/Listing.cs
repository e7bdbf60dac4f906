using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace RufusIngest.Tool.Api;

/// <summary>Shows what the server lists: an aligned table, or a JSON object a line.</summary>
sealed class Listing<T>(Terminal terminal, Column<T>[] columns, bool json)
{
    /// <summary>Rows of a table; a longer listing is several, so that it begins to show and memory stays small.</summary>
    const int MaxRows = 1000;

    static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Shows all, and says so when there is nothing.</summary>
    public async Task WriteAsync(IAsyncEnumerable<T> items, string nothing, CancellationToken cancellation)
    {
        List<T> rows = [];
        long count = 0;
        await foreach (T item in items.WithCancellation(cancellation).ConfigureAwait(false))
        {
            count++;
            if (json)
            {
                WriteJson(item);
                continue;
            }

            rows.Add(item);
            if (rows.Count == MaxRows)
            {
                WriteTable(rows);
                rows.Clear();
            }
        }

        if (rows.Count > 0)
            WriteTable(rows);
        if (count == 0 && !json)
            terminal.Say(nothing);
    }

    /// <summary>Shows one thing: name and value a row, or a JSON object.</summary>
    public void WriteOne(T item)
    {
        if (json)
        {
            WriteJson(item);
            return;
        }

        Table table = new() { Border = TableBorder.Simple, ShowHeaders = false };
        table.AddColumn("Name");
        table.AddColumn("Value");
        foreach (Column<T> column in columns.Where(column => column.Value(item) is not null))
            table.AddRow(Markup.Escape(column.Label), Markup.Escape(column.Text(item)));
        terminal.Console.Write(table);
    }

    public void WriteJson(T item)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Relaxed))
        {
            writer.WriteStartObject();
            foreach (Column<T> column in columns)
                Write(writer, column.Member, column.Value(item));
            writer.WriteEndObject();
        }

        terminal.Print(Encoding.UTF8.GetString(stream.ToArray()));
    }

    static void Write(Utf8JsonWriter writer, string name, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNull(name);
                break;
            case bool truth:
                writer.WriteBoolean(name, truth);
                break;
            case int number:
                writer.WriteNumber(name, number);
                break;
            case double number:
                writer.WriteNumber(name, number);
                break;
            case DateTimeOffset time:
                writer.WriteString(name, Column<T>.Time(time));
                break;
            default:
                writer.WriteString(name, value.ToString());
                break;
        }
    }

    void WriteTable(List<T> rows)
    {
        Column<T>[] shown =
        [
            .. columns.Where(column => column.Header is not null && rows.Exists(row => column.Value(row) is not null)),
        ];
        Table table = new() { Border = TableBorder.Simple };
        foreach (Column<T> column in shown)
        {
            TableColumn header = new(column.Header!);
            // Ids are for copying.
            header.NoWrap = column.Member is "deviceid" or "token_session" or "event_token";
            table.AddColumn(rows.Exists(column.IsNumber) ? header.RightAligned() : header);
        }

        foreach (T row in rows)
            table.AddRow([.. shown.Select(column => Markup.Escape(column.Text(row)))]);
        terminal.Console.Write(table);
    }
}
