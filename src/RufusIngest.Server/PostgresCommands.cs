using System.Diagnostics.CodeAnalysis;
using System.Text;
using Npgsql;

namespace RufusIngest.Server;

/// <summary>Running statements whose parameters are numbered; a value that is null is NULL.</summary>
[SuppressMessage("Security", "CA2100", Justification = "The statements are constants.")]
static class PostgresCommands
{
    public static NpgsqlCommand Command(
        this NpgsqlConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(Parameter(value));
        return command;
    }

    public static NpgsqlBatchCommand Command(this NpgsqlBatch batch, string sql, params ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(Parameter(value));
        batch.BatchCommands.Add(command);
        return command;
    }

    public static void Execute(this NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>The same however long it takes.</summary>
    public static async Task ExecutePatientlyAsync(this NpgsqlConnection connection, string sql)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await using var _ = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    /// <summary>How many rows it changed.</summary>
    public static ValueTask<int> ExecuteAsync(
        this NpgsqlConnection connection, string sql, params ReadOnlySpan<object?> values) =>
        ExecuteAsync(connection.Command(sql, values));

    /// <summary>Runs a command and disposes it: the single number of the single row; null without a row.</summary>
    public static async ValueTask<long?> NumberAsync(
        this NpgsqlCommand command, CancellationToken cancellationToken = default)
    {
        var numbers = await command.ListAsync(row => row.GetInt64(0), cancellationToken).ConfigureAwait(false);
        return numbers.Count == 0 ? null : numbers[0];
    }

    /// <summary>Runs a command and disposes it: what is read from each row.</summary>
    public static async ValueTask<List<T>> ListAsync<T>(
        this NpgsqlCommand command, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken = default)
    {
        var rows = new List<T>();
        await command.ReadAsync(row => rows.Add(read(row)), cancellationToken).ConfigureAwait(false);
        return rows;
    }

    /// <summary>Runs a command and disposes it, going through its rows.</summary>
    public static async Task ReadAsync(
        this NpgsqlCommand command, Action<NpgsqlDataReader> read, CancellationToken cancellationToken = default)
    {
        await using var _ = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            read(reader);
    }

    public static string? TextOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>A text that a client sent. As bytes, since PostgreSQL's own texts cannot hold a zero.</summary>
    public static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    /// <inheritdoc cref="Bytes(string?)"/>
    public static string? Sent(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(column));

    /// <summary>Whether an identifier that a client sent can be one of those made here.</summary>
    public static bool CanBeOurs(string? id) => id is not null && Ascii.IsValid(id) && !id.Contains('\0');

    static NpgsqlParameter Parameter(object? value) => new() { Value = value ?? DBNull.Value };

    static async ValueTask<int> ExecuteAsync(NpgsqlCommand command)
    {
        await using (command.ConfigureAwait(false))
            return await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
