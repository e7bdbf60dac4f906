using Npgsql;
using RufusIngest.Server;

namespace RufusIngest.Tests.Support;

/// <summary>A schema of its own in the PostgreSQL that RUFUS_TEST_POSTGRES names; disposing drops it.</summary>
sealed class PostgresSchema(string connectionString) : IDisposable
{
    const string Variable = "RUFUS_TEST_POSTGRES";

    static int _made;

    public static bool IsThere => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Leads to the schema.</summary>
    public string ConnectionString => connectionString;

    public string Name => new NpgsqlConnectionStringBuilder(connectionString).SearchPath!;

    /// <summary>A new one, which is empty. Skips the test that runs when there is no PostgreSQL.</summary>
    public static PostgresSchema New()
    {
        Assert.SkipUnless(IsThere, $"{Variable} names no PostgreSQL");
        var name = $"t{Environment.ProcessId}_{Interlocked.Increment(ref _made)}";
        var made = new PostgresSchema(new NpgsqlConnectionStringBuilder(Environment.GetEnvironmentVariable(Variable))
        {
            SearchPath = name,
            ApplicationName = name, // By which a test finds its connections.
            MaxPoolSize = 6,
        }.ConnectionString);
        made.Execute($"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
        return made;
    }

    /// <summary>Runs statements in the schema, over a connection of its own.</summary>
    public void Execute(string sql)
    {
        using var connection = Connect();
        connection.Execute(sql);
    }

    /// <summary>The single value that a query gives.</summary>
    public object? Value(string sql)
    {
        using var connection = Connect();
        using var command = connection.Command(sql);
        return command.ExecuteScalar();
    }

    public void Dispose() => Execute($"DROP SCHEMA {Name} CASCADE");

    /// <summary>A connection in the schema, for who wants to hold something; the caller disposes it.</summary>
    public NpgsqlConnection Connect()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false,
            Options = "-c client_min_messages=warning",
        }.ConnectionString);
        connection.Open();
        return connection;
    }
}
